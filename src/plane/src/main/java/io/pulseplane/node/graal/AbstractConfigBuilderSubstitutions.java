package io.pulseplane.node.graal;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import io.quarkus.runtime.configuration.AbstractConfigBuilder;
import io.smallrye.config.ConfigMappings.ConfigClass;
import io.smallrye.config.SmallRyeConfigBuilder;

/**
 * For the native executable: uses the mappings that were read at build time, so that the start does not read them
 * again.
 */
@TargetClass(AbstractConfigBuilder.class)
final class AbstractConfigBuilderSubstitutions {

    private AbstractConfigBuilderSubstitutions() {}

    @Substitute
    @SuppressWarnings("unused") // called by what Quarkus generates
    protected static void withMapping(SmallRyeConfigBuilder builder, ConfigClass mapping) {
        var mappings = builder.getMappingsBuilder();
        // Quarkus passes mappings that are fixed at build time as objects, and asks to read them nevertheless.
        if (!mappings.getMappingsInstances().containsKey(mapping)) {
            BuildTimeConfig.find(mapping)
                    .ifPresentOrElse(
                            prebuilt -> mappings.mappingInstance(mapping, prebuilt), () -> mappings.mapping(mapping));
        }
    }
}
