package io.pulseplane.node.graal;

import com.oracle.svm.core.annotate.Alias;
import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import io.smallrye.config.DefaultValuesConfigSource;
import io.smallrye.config.PropertyName;
import java.util.Map;

/**
 * For the native executable: compares a name without a default with the names that have a star only if it begins like
 * one of them. SmallRye would compare it with all of them, because they share few hash codes.
 */
@TargetClass(DefaultValuesConfigSource.class)
final class DefaultValuesConfigSourceSubstitutions {

    @Alias
    private Map<String, String> properties;

    @Alias
    private Map<PropertyName, String> wildcards;

    @Alias
    private boolean hasProfiledName;

    @Substitute
    @SuppressWarnings("unused") // called by the configuration
    public String getValue(String name) {
        if (!hasProfiledName && name.startsWith("%")) {
            return null;
        }
        var value = properties.get(name);
        return value == null && BuildTimeConfig.mayMatchWildcard(wildcards.size(), name)
                ? wildcards.get(new PropertyName(name))
                : value;
    }
}
