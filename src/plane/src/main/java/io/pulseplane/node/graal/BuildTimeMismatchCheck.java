package io.pulseplane.node.graal;

import io.quarkus.runtime.ConfigConfig.BuildTimeMismatchAtRuntime;
import io.quarkus.runtime.configuration.ConfigRecorder;
import io.quarkus.runtime.configuration.DisableableConfigSource;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.SmallRyeConfig;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.logging.Logger;

/**
 * For the native executable: checks that the configuration at the start does not try to change a property that is fixed
 * at build time. Quarkus would look up all of these properties, several hundred; only those that the start sets can
 * differ.
 */
final class BuildTimeMismatchCheck {

    /** The source with the highest ordinal, which hides all others. It is disabled for the comparison. */
    private static final String BUILD_TIME_FIXED_SOURCE = "BuildTime RunTime Fixed";

    private BuildTimeMismatchCheck() {}

    static void check(List<ConfigValue> fixed) {
        var overridden = fixed.stream()
                .filter(value -> BuildTimeConfig.isOverridden(value.getName()))
                .toList();
        if (!overridden.isEmpty()) {
            var config = ConfigProvider.getConfig().unwrap(SmallRyeConfig.class);
            var mismatches = mismatches(overridden, config);
            if (!mismatches.isEmpty()) {
                report("Build time property cannot be changed at runtime:\n" + mismatches, config);
            }
        }
    }

    private static String mismatches(List<ConfigValue> overridden, SmallRyeConfig config) {
        var source = config.getConfigSource(BUILD_TIME_FIXED_SOURCE)
                .filter(DisableableConfigSource.class::isInstance)
                .map(DisableableConfigSource.class::cast);
        source.ifPresent(DisableableConfigSource::disable);
        try {
            return overridden.stream()
                    .map(value -> mismatch(value, config.getConfigValue(value.getName())))
                    .flatMap(Optional::stream)
                    .collect(Collectors.joining("\n"));
        } finally {
            source.ifPresent(DisableableConfigSource::enable);
        }
    }

    /** The message has Quarkus's own words. */
    private static Optional<String> mismatch(ConfigValue fixed, ConfigValue current) {
        boolean differs = current.getConfigSourcePosition() > 0
                && current.getSourceOrdinal() >= fixed.getSourceOrdinal()
                && !Objects.equals(fixed.getRawValue(), current.getRawValue());
        return differs
                ? Optional.of(" - " + fixed.getName() + " is set to '" + current.getValue()
                        + "' but it is build time fixed to '" + fixed.getValue() + "'. Did you change the property "
                        + fixed.getName() + " after building the application?")
                : Optional.empty();
    }

    private static void report(String message, SmallRyeConfig config) {
        switch (config.getOptionalValue(
                        "quarkus.config.build-time-mismatch-at-runtime", BuildTimeMismatchAtRuntime.class)
                .orElse(BuildTimeMismatchAtRuntime.warn)) {
            case fail -> throw new IllegalStateException(message);
            case warn -> Logger.getLogger(ConfigRecorder.class).warn(message);
        }
    }
}
