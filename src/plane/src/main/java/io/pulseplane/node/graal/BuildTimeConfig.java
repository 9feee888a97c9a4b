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
 * For the native executable: what Quarkus's extensions are configured with where nobody says anything, read when the executable
 * is built. Quarkus reads all of it at every start, some sixty interfaces, and that is half of a start.
 *
 * <p>A mapping is settled as long as no property begins with its prefix, in the environment or on the command line, nor is one
 * that its own follow, and there is no file with more. When in doubt it is read.
 */
final class BuildTimeConfig {

    private static final String QUARKUS_PREFIX = "quarkus";
    private static final char STAR = '*';

    /** Every start says where it is. */
    private static final String TEMPORARY_DIRECTORY = "java.io.tmpdir";

    /** What a value names that follows others. */
    private static final Pattern REFERENCE = Pattern.compile("\\$\\{([^}:$]+)");

    private record MappingKey(Class<?> type, String prefix) {}

    /** @param references the names, beside its own, that say what is in it */
    private record PrebuiltMapping(Object mapping, Set<String> references) {}

    /** Made while the image is: this class is initialized then, as all that is in it. */
    private static final MappingSnapshot SNAPSHOT = takeSnapshot();

    /**
     * @param references what any of the mappings follows, as names in the environment
     * @param wildcardCount how many names with a star have a default
     * @param wildcardPrefixes what these begin with, before the star
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
        // Those that follow it are read at start; here it only has to be something.
        builder.withDefaultValue(TEMPORARY_DIRECTORY, ".");
        var config = builder.build();
        var made = new HashMap<MappingKey, PrebuiltMapping>();
        for (var mapping : builder.getMappingsBuilder().getMappings()) {
            var prefix = mapping.getPrefix();
            if (prefix.startsWith(QUARKUS_PREFIX)) {
                var followed = referencesBelow(config, prefix + ".");
                if (!followed.contains(TEMPORARY_DIRECTORY)) {
                    var read = config.getConfigMapping(mapping.getType(), prefix);
                    made.put(new MappingKey(mapping.getType(), prefix), new PrebuiltMapping(read, followed));
                }
            }
        }
        var followed = made.values().stream()
                .flatMap(settled -> settled.references.stream())
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
                    "a star in the second segment, which WithHashOfSegments counts on not to be");
        }
        return new MappingSnapshot(Map.copyOf(made), followed, wildcards.size(), prefixes);
    }

    /** As Redis' hosts follow the plane's. */
    private static Set<String> referencesBelow(SmallRyeConfig config, String prefix) {
        return StreamSupport.stream(config.getPropertyNames().spliterator(), false)
                .filter(name -> name.startsWith(prefix))
                .map(name -> config.getConfigValue(name).getRawValue())
                .filter(Objects::nonNull)
                .flatMap(raw -> REFERENCE.matcher(raw).results().map(found -> found.group(1)))
                .collect(Collectors.toUnmodifiableSet());
    }

    /** As names are written in the environment, which is the coarsest way. */
    private static String toEnvironmentName(String name) {
        var capitals = new char[name.length()];
        for (int i = 0; i < capitals.length; i++) {
            char c = name.charAt(i);
            capitals[i] = Character.isLetterOrDigit(c) ? Character.toUpperCase(c) : '_';
        }
        return new String(capitals);
    }

    /** Neither properties nor the environment of whoever builds. */
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

    /** What was made of it, unless somebody has something to say about it. */
    static Optional<Object> find(ConfigClass mapping) {
        var settled = SNAPSHOT.mappings.get(new MappingKey(mapping.getType(), mapping.getPrefix()));
        return settled == null
                        || StartupOverrides.mayAffectAnything()
                        || StartupOverrides.mayAffect(mapping.getPrefix())
                        || settled.references.stream().anyMatch(StartupOverrides::mayAffect)
                ? Optional.empty()
                : Optional.of(settled.mapping);
    }

    /** Whether somebody may have something to say about this very property. */
    static boolean isOverridden(String property) {
        return StartupOverrides.mayAffectAnything() || StartupOverrides.mayAffect(property);
    }

    /** Whether a name can have the default of one with a star in it, of which there are so many. */
    static boolean mayMatchWildcard(int wildcards, String name) {
        return wildcards != SNAPSHOT.wildcardCount
                || SNAPSHOT.wildcardPrefixes.stream().anyMatch(name::startsWith);
    }

    /** What the process was told when it started: this class is initialized then, and not when the image is made. */
    private static final class StartupOverrides {

        /** Where Quarkus looks for more, in the directory the process was started in. */
        private static final List<Path> FILES = List.of(Path.of("config", "application.properties"), Path.of(".env"));

        /** Begins a name that may be about anything: where configuration is, or of which profile. */
        private static final List<String> FAR_REACHING =
                List.of("QUARKUS_CONFIG", "QUARKUS_PROFILE", "SMALLRYE_", "MP_");

        private static final String QUARKUS = "QUARKUS";
        private static final String PULSEPLANE = "PULSEPLANE";

        /** What Quarkus tells itself by properties of the system, at every start: no name of the configuration begins so. */
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
                                || isOfExtensions(name) && !name.startsWith(QUARKUS));

        private static boolean isOfExtensions(String name) {
            return name.contains(QUARKUS) && !name.startsWith(QUARKUS_INTERNAL_PREFIX);
        }

        /** A profile's begin with a percent sign and its name. */
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
