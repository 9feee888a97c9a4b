package io.pulseplane.node.graal;

import io.quarkus.runtime.configuration.AbstractConfigBuilder;
import io.smallrye.config.ConfigMappings.ConfigClass;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.SmallRyeConfigBuilderCustomizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * For the native executable: keeps the default configuration of Quarkus's extensions, read at build time. Quarkus would
 * read about sixty interfaces at every start, which is half of a start.
 *
 * <p>A prebuilt mapping is used only if nothing at the start may change it: no property in the environment or on the
 * command line begins with its prefix, none of the properties that its values refer to is set, and there is no further
 * file with configuration. When in doubt, the mapping is read.
 */
final class BuildTimeConfig {

    private static final String QUARKUS_PREFIX = "quarkus";
    private static final char STAR = '*';

    /** Every start sets it. */
    private static final String TEMPORARY_DIRECTORY = "java.io.tmpdir";

    /** A reference to another property in a value. */
    private static final Pattern REFERENCE = Pattern.compile("\\$\\{([^}:$]+)");

    private record MappingKey(Class<?> type, String prefix) {}

    /** @param references names of the properties outside of the mapping that its values refer to */
    private record PrebuiltMapping(Object mapping, Set<String> references) {}

    /** Taken at build time, when the image builder initializes this class. */
    private static final MappingSnapshot SNAPSHOT = takeSnapshot();

    /**
     * @param references the properties that any mapping refers to, as names in the environment
     * @param wildcardCount number of names with a star that have a default
     * @param wildcardPrefixes the parts of these names before the star
     */
    private record MappingSnapshot(
            Map<MappingKey, PrebuiltMapping> mappings,
            Set<String> references,
            int wildcardCount,
            List<String> wildcardPrefixes) {}

    private BuildTimeConfig() {}

    private static MappingSnapshot takeSnapshot() {
        var builder = new SmallRyeConfigBuilder();
        AbstractConfigBuilder.withCustomizer(builder, "io.quarkus.runtime.generated.RunTimeConfig");
        AbstractConfigBuilder.withCustomizer(builder, new NoDefaultSources());
        // Mappings that refer to it are read at the start. The value only has to exist here.
        builder.withDefaultValue(TEMPORARY_DIRECTORY, ".");
        var config = builder.build();
        var prebuilt = new HashMap<MappingKey, PrebuiltMapping>();
        for (var mapping : builder.getMappingsBuilder().getMappings()) {
            var prefix = mapping.getPrefix();
            if (prefix.startsWith(QUARKUS_PREFIX)) {
                var references = referencesBelow(config, prefix + ".");
                if (!references.contains(TEMPORARY_DIRECTORY)) {
                    var instance = config.getConfigMapping(mapping.getType(), prefix);
                    prebuilt.put(new MappingKey(mapping.getType(), prefix), new PrebuiltMapping(instance, references));
                }
            }
        }
        var allReferences = prebuilt.values().stream()
                .flatMap(mapping -> mapping.references.stream())
                .map(BuildTimeConfig::toEnvironmentName)
                .collect(Collectors.toUnmodifiableSet());
        var wildcards = builder.getDefaultValues().keySet().stream()
                .filter(name -> name.indexOf(STAR) >= 0)
                .toList();
        var prefixes = wildcards.stream()
                .map(name -> name.substring(0, name.indexOf(STAR)))
                .distinct()
                .toList();
        if (prefixes.stream().anyMatch(prefix -> prefix.indexOf('.') == prefix.lastIndexOf('.'))) {
            throw new IllegalStateException(
                    "a name has a star in its second segment, which PropertyNameSubstitutions does not allow");
        }
        return new MappingSnapshot(Map.copyOf(prebuilt), allReferences, wildcards.size(), prefixes);
    }

    /** The properties that values below a prefix refer to, as quarkus.redis.hosts refers to pulseplane.redis.hosts. */
    private static Set<String> referencesBelow(SmallRyeConfig config, String prefix) {
        return StreamSupport.stream(config.getPropertyNames().spliterator(), false)
                .filter(name -> name.startsWith(prefix))
                .map(name -> config.getConfigValue(name).getRawValue())
                .filter(Objects::nonNull)
                .flatMap(raw -> REFERENCE.matcher(raw).results().map(reference -> reference.group(1)))
                .collect(Collectors.toUnmodifiableSet());
    }

    /**
     * The name as an environment variable. Several properties may have the same one, so comparisons err to the safe
     * side.
     */
    private static String toEnvironmentName(String name) {
        var capitals = new char[name.length()];
        for (int i = 0; i < capitals.length; i++) {
            char c = name.charAt(i);
            capitals[i] = Character.isLetterOrDigit(c) ? Character.toUpperCase(c) : '_';
        }
        return new String(capitals);
    }

    /** Leaves out the system properties and the environment of the build. */
    private static final class NoDefaultSources implements SmallRyeConfigBuilderCustomizer {

        @Override
        public void configBuilder(SmallRyeConfigBuilder builder) {
            builder.setAddDefaultSources(false);
        }

        @Override
        public int priority() {
            return Integer.MAX_VALUE;
        }
    }

    /** The prebuilt mapping; empty if there is none, or the configuration at the start may change it. */
    static Optional<Object> find(ConfigClass mapping) {
        var prebuilt = SNAPSHOT.mappings.get(new MappingKey(mapping.getType(), mapping.getPrefix()));
        return prebuilt == null
                        || StartupOverrides.mayAffectAnything()
                        || StartupOverrides.mayAffect(mapping.getPrefix())
                        || prebuilt.references.stream().anyMatch(StartupOverrides::mayAffect)
                ? Optional.empty()
                : Optional.of(prebuilt.mapping);
    }

    /** Whether the configuration at the start may set this property. */
    static boolean isOverridden(String property) {
        return StartupOverrides.mayAffectAnything() || StartupOverrides.mayAffect(property);
    }

    /**
     * Whether a name without a default of its own may match a name with a star.
     *
     * @param wildcardCount number of names with a star; if it is not that of the snapshot, any name may match
     */
    static boolean mayMatchWildcard(int wildcardCount, String name) {
        return wildcardCount != SNAPSHOT.wildcardCount
                || SNAPSHOT.wildcardPrefixes.stream().anyMatch(name::startsWith);
    }

    /**
     * The configuration that the process was started with. This class is initialized at run time, not at build time.
     */
    private static final class StartupOverrides {

        /** Files with configuration that Quarkus reads from the working directory. */
        private static final List<Path> FILES = List.of(Path.of("config", "application.properties"), Path.of(".env"));

        /** Prefixes of names that may change all configuration, such as its location or its profile. */
        private static final List<String> FAR_REACHING =
                List.of("QUARKUS_CONFIG", "QUARKUS_PROFILE", "SMALLRYE_", "MP_");

        private static final String QUARKUS = "QUARKUS";
        private static final String PULSEPLANE = "PULSEPLANE";

        /** The prefix of system properties that Quarkus sets itself at every start. No configuration has it. */
        private static final String QUARKUS_INTERNAL_PREFIX = "IO_QUARKUS_";

        private static final List<String> NAMES = Stream.concat(
                        System.getProperties().stringPropertyNames().stream(), System.getenv().keySet().stream())
                .map(BuildTimeConfig::toEnvironmentName)
                .filter(name -> isOfExtensions(name)
                        || isOfProfile(name)
                        || isFarReaching(name)
                        || SNAPSHOT.references.contains(name))
                .toList();

        private static final boolean IS_FAR_REACHING = FILES.stream().anyMatch(Files::exists)
                || NAMES.stream()
                        .anyMatch(name -> isFarReaching(name)
                                || isOfProfile(name)
                                || (isOfExtensions(name) && !name.startsWith(QUARKUS)));

        private static boolean isOfExtensions(String name) {
            return name.contains(QUARKUS) && !name.startsWith(QUARKUS_INTERNAL_PREFIX);
        }

        /** Names for one profile begin with a percent sign and the profile's name. */
        private static boolean isOfProfile(String name) {
            return name.startsWith("_") && (name.contains(QUARKUS) || name.contains(PULSEPLANE));
        }

        private static boolean isFarReaching(String name) {
            return FAR_REACHING.stream().anyMatch(name::startsWith);
        }

        static boolean mayAffectAnything() {
            return IS_FAR_REACHING;
        }

        static boolean mayAffect(String prefix) {
            var capitals = toEnvironmentName(prefix);
            return NAMES.stream().anyMatch(name -> name.startsWith(capitals));
        }
    }
}
