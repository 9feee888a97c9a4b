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
 * For the native executable: whether somebody tries to change at start what was fixed when it was built. Quarkus looks up all
 * of these names, some hundreds; only what was said can be another value.
 */
final class BuildTimeMismatchCheck {

    /** What stands above all other sources, and would answer for them. */
    private static final String BUILD_TIME_FIXED_SOURCE = "BuildTime RunTime Fixed";

    private BuildTimeMismatchCheck() {}

    static void check(List<ConfigValue> fixed) {
        var said = fixed.stream()
                .filter(value -> BuildTimeConfig.isOverridden(value.getName()))
                .toList();
        if (!said.isEmpty()) {
            var config = ConfigProvider.getConfig().unwrap(SmallRyeConfig.class);
            var mismatches = mismatches(said, config);
            if (!mismatches.isEmpty()) {
                report("Build time property cannot be changed at runtime:\n" + mismatches, config);
            }
        }
    }

    private static String mismatches(List<ConfigValue> said, SmallRyeConfig config) {
        var source = config.getConfigSource(BUILD_TIME_FIXED_SOURCE)
                .filter(DisableableConfigSource.class::isInstance)
                .map(DisableableConfigSource.class::cast);
        source.ifPresent(DisableableConfigSource::disable);
        try {
            return said.stream()
                    .map(value -> mismatch(value, config.getConfigValue(value.getName())))
                    .flatMap(Optional::stream)
                    .collect(Collectors.joining("\n"));
        } finally {
            source.ifPresent(DisableableConfigSource::enable);
        }
    }

    /** Said as Quarkus says it. */
    private static Optional<String> mismatch(ConfigValue fixed, ConfigValue now) {
        boolean isOther = now.getConfigSourcePosition() > 0
                && now.getSourceOrdinal() >= fixed.getSourceOrdinal()
                && !Objects.equals(fixed.getRawValue(), now.getRawValue());
        return isOther
                ? Optional.of(" - " + fixed.getName() + " is set to '" + now.getValue()
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
