package io.pulseplane.node;

import io.quarkus.runtime.configuration.AbstractConfigBuilder;
import io.smallrye.config.ConfigMappings.ConfigClass;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.SmallRyeConfigBuilderCustomizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * For the native executable: what Quarkus's extensions are configured with where nobody says anything, read when the executable
 * is built. Quarkus reads all of it at every start, some sixty interfaces, and that is half of a start.
 *
 * <p>A mapping is settled as long as no property begins with its prefix, in the environment or on the command line, and there
 * is no file with more. When in doubt it is read.
 */
final class SettledMappings {

    private static final String EXTENSIONS = "quarkus";
    private static final char STAR = '*';

    private record Key(Class<?> type, String prefix) {}

    /** Made while the image is: this class is initialized then, as all that is in it. */
    private static final Made MADE = make();

    /**
     * @param wildcards how many names with a star have a default
     * @param prefixes what these begin with, before the star
     */
    private record Made(Map<Key, Object> mappings, int wildcards, List<String> prefixes) {}

    private SettledMappings() {}

    private static Made make() {
        var builder = new SmallRyeConfigBuilder();
        AbstractConfigBuilder.withCustomizer(builder, "io.quarkus.runtime.generated.RunTimeConfig");
        AbstractConfigBuilder.withCustomizer(builder, new NothingOfThisMachine());
        // Some follow it, and so are read at start; here it only has to be something.
        builder.withDefaultValue("java.io.tmpdir", ".");
        var config = builder.build();
        // Those that follow others, as Redis' hosts do, may change when their own names are not said.
        var following = StreamSupport.stream(config.getPropertyNames().spliterator(), false)
                .filter(name -> {
                    var raw = config.getConfigValue(name).getRawValue();
                    return raw != null && raw.contains("${");
                })
                .collect(Collectors.toSet());
        var made = new HashMap<Key, Object>();
        for (var mapping : builder.getMappingsBuilder().getMappings()) {
            var prefix = mapping.getPrefix();
            if (prefix.startsWith(EXTENSIONS) && following.stream().noneMatch(name -> name.startsWith(prefix + "."))) {
                made.put(new Key(mapping.getType(), prefix), config.getConfigMapping(mapping.getType(), prefix));
            }
        }
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
        return new Made(Map.copyOf(made), wildcards.size(), prefixes);
    }

    /** Neither properties nor the environment of whoever builds. */
    private static final class NothingOfThisMachine implements SmallRyeConfigBuilderCustomizer {

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
    static Optional<Object> of(ConfigClass mapping) {
        return Said.canBeAboutAnything() || Said.isAbout(mapping.getPrefix())
                ? Optional.empty()
                : Optional.ofNullable(MADE.mappings.get(new Key(mapping.getType(), mapping.getPrefix())));
    }

    /** Whether a name can have the default of one with a star in it, of which there are so many. */
    static boolean canMatchOneOf(int wildcards, String name) {
        return wildcards != MADE.wildcards || MADE.prefixes.stream().anyMatch(name::startsWith);
    }

    /** What the process was told when it started: this class is initialized then, and not when the image is made. */
    private static final class Said {

        /** Where Quarkus looks for more, in the directory the process was started in. */
        private static final List<Path> FILES = List.of(Path.of("config", "application.properties"), Path.of(".env"));

        /** Begins a name that may be about anything: where configuration is, or of which profile. */
        private static final List<String> FAR_REACHING =
                List.of("QUARKUS_CONFIG", "QUARKUS_PROFILE", "SMALLRYE_", "MP_");

        private static final String EXTENSION = "QUARKUS";

        private static final List<String> NAMES = Stream.concat(
                        System.getProperties().stringPropertyNames().stream(), System.getenv().keySet().stream())
                .map(Said::inCapitals)
                .filter(name -> name.contains(EXTENSION) || isFarReaching(name))
                .toList();

        private static final boolean IS_FAR_REACHING = FILES.stream().anyMatch(Files::exists)
                // A profile's begin with its name.
                || NAMES.stream().anyMatch(name -> isFarReaching(name) || !name.startsWith(EXTENSION));

        private static boolean isFarReaching(String name) {
            return FAR_REACHING.stream().anyMatch(name::startsWith);
        }

        static boolean canBeAboutAnything() {
            return IS_FAR_REACHING;
        }

        static boolean isAbout(String prefix) {
            var capitals = inCapitals(prefix);
            return NAMES.stream().anyMatch(name -> name.startsWith(capitals));
        }

        /** As names are written in the environment, which is the coarsest way. */
        private static String inCapitals(String name) {
            var capitals = new char[name.length()];
            for (int i = 0; i < capitals.length; i++) {
                char c = name.charAt(i);
                capitals[i] = Character.isLetterOrDigit(c) ? Character.toUpperCase(c) : '_';
            }
            return new String(capitals);
        }
    }
}
