package io.pulseplane.node.config;

import static com.tngtech.archunit.core.domain.properties.CanBeAnnotated.Predicates.annotatedWith;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.pulseplane.node.config.ConfigBounds.Bound;
import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every number, duration and size of the configuration has bounds that are checked at the start. */
class ConfigBoundsTest {

    private static final Set<Class<?>> BOUNDED = Set.of(
            Integer.class,
            Long.class,
            Double.class,
            OptionalInt.class,
            Duration.class,
            MemorySize.class,
            Instant.class);

    private static final List<Class<?>> MAPPINGS = mappings();

    private static List<Class<?>> mappings() {
        return new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages("io.pulseplane.node.config")
                        .that(annotatedWith(ConfigMapping.class))
                        .stream()
                        .<Class<?>>map(mapping -> mapping.reflect())
                        .toList();
    }

    private static SmallRyeConfig config(Map<String, String> properties) {
        return builder(properties).build();
    }

    private static SmallRyeConfigBuilder builder(Map<String, String> properties) {
        return new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .addDiscoveredConverters()
                .withSources(new PropertiesConfigSource(properties, "test", 500));
    }

    private static SmallRyeConfig config(String key, String value) {
        return config(Map.of(key.replace("*", "\"8867-4\""), value));
    }

    static Stream<Bound> bounds() {
        return ConfigBounds.ALL.stream();
    }

    @Test
    void every_number_duration_and_size_has_bounds() {
        var keys = new TreeSet<String>();
        for (var mapping : MAPPINGS) {
            ConfigMappings.getProperties(ConfigClass.configClass(mapping)).forEach((key, property) -> {
                var leaf = property.isMap() ? property.asMap().getValueProperty() : property;
                if (leaf.isPrimitive()
                        ? leaf.asPrimitive().getBoxType() != Boolean.class
                        : leaf.isLeaf() && BOUNDED.contains(leaf.asLeaf().getValueRawType())) {
                    keys.add(key);
                }
            });
        }
        assertThat(ConfigBounds.ALL.stream().map(Bound::key)).containsExactlyInAnyOrderElementsOf(keys);
    }

    @Test
    void the_defaults_are_within_their_bounds() {
        var builder = builder(Map.of());
        MAPPINGS.forEach(builder::withMapping);
        var config = builder.build();
        assertThat(config.getConfigValue("pulseplane.ingest.ahead-allowance").getValue())
                .isEqualTo("5s");
        assertThatCode(() -> ConfigBounds.check(config)).doesNotThrowAnyException();
    }

    @Test
    void one_allowance_for_clocks_holds_for_readings_and_tokens_unless_they_have_their_own() {
        var settings = Map.of("pulseplane.clock.allowance", "7s", "pulseplane.token.clock-skew", "9s");
        for (var own : List.of(false, true)) {
            var builder = builder(own ? settings : Map.of("pulseplane.clock.allowance", "7s"));
            MAPPINGS.forEach(builder::withMapping);
            var config = builder.build();
            assertThat(config.getConfigValue("pulseplane.ingest.ahead-allowance")
                            .getValue())
                    .isEqualTo("7s");
            assertThat(config.getConfigValue("pulseplane.token.clock-skew").getValue())
                    .isEqualTo(own ? "9s" : "7s");
        }
    }

    @ParameterizedTest
    @MethodSource("bounds")
    void a_value_at_a_bound_is_taken(Bound bound) {
        for (var value : List.of(bound.min(), bound.max())) {
            assertThatCode(() -> ConfigBounds.check(config(bound.key(), value)))
                    .as("%s=%s", bound.key(), value)
                    .doesNotThrowAnyException();
        }
    }

    @ParameterizedTest
    @MethodSource("bounds")
    void a_value_beyond_a_bound_is_refused_in_one_sentence(Bound bound) {
        for (var value : outside(bound)) {
            assertThatThrownBy(() -> ConfigBounds.check(config(bound.key(), value)))
                    .as("%s=%s", bound.key(), value)
                    .isInstanceOf(StartupException.class)
                    .hasMessage("%s must be %s to %s, not %s"
                            .formatted(bound.key().replace("*", "\"8867-4\""), bound.min(), bound.max(), value));
        }
    }

    /** Values below the smallest, above the largest, and as large as the type can be. */
    private static List<String> outside(Bound bound) {
        if (bound.type() == Duration.class) {
            return List.of("-1s", "36501d", "106752d", Integer.MAX_VALUE + "d", Long.MAX_VALUE + "s");
        }
        if (bound.type() == MemorySize.class) {
            return List.of("2P", Long.MAX_VALUE + "");
        }
        if (bound.type() == Instant.class) {
            return List.of("1969-12-31T23:59:59Z", "2100-01-01T00:00:01Z", Instant.MAX.toString(), "yesterday", "7");
        }
        var max = new BigDecimal(bound.max());
        return List.of("-1", max.add(BigDecimal.ONE).toString(), Integer.MAX_VALUE + "");
    }

    @ParameterizedTest
    @CsvSource({
        "pulseplane.policy.engine=opa pulseplane.policy.directory=p, pulseplane.policy.directory has no effect",
    })
    void keys_that_contradict_one_another_are_refused(String properties, String expected) {
        var values = Stream.of(properties.split(" ", -1))
                .map(property -> property.split("=", 2))
                .collect(Collectors.toMap(part -> part[0], part -> part[1]));
        assertThatThrownBy(() -> ConfigBounds.check(config(values)))
                .isInstanceOf(StartupException.class)
                .hasMessageStartingWith(expected);
    }
}
