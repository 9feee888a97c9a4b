package io.pulseplane.node.graal;

import com.oracle.svm.core.annotate.Alias;
import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import io.smallrye.config.ConfigValidationException.Problem;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfig;
import java.util.List;
import java.util.Set;

/**
 * For the native executable: looks for misspelled names of the plane only among the names that the start sets; see
 * {@link GeneratedConfigSubstitutions}.
 */
@TargetClass(className = "io.smallrye.config.ConfigMappingContext")
final class ConfigMappingContextSubstitutions {

    @Alias
    private SmallRyeConfig config;

    @Alias
    private Set<String> usedProperties;

    @Alias
    private List<Problem> problems;

    @Substitute
    @SuppressWarnings("unused") // called by the configuration
    void reportUnknown(Set<String> ignored) {
        for (var source : config.getConfigSources()) {
            boolean isSetAtStart = source.getOrdinal() > 0 && source.getOrdinal() < Integer.MAX_VALUE;
            if (isSetAtStart && !(source instanceof EnvConfigSource)) {
                for (var name : source.getPropertyNames()) {
                    if (name.startsWith("pulseplane.") && !usedProperties.contains(name)) {
                        var location = config.getConfigValue(name).getLocation();
                        problems.add(
                                new Problem("SRCFG00050: " + name + " in " + location + " does not map to any root"));
                    }
                }
            }
        }
    }
}
