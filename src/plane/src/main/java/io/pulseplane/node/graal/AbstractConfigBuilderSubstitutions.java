package io.pulseplane.node.graal;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import io.quarkus.runtime.configuration.AbstractConfigBuilder;
import io.smallrye.config.ConfigMappings.ConfigClass;
import io.smallrye.config.SmallRyeConfigBuilder;

/** For the native executable: mappings that were read when it was built are not read again at start. */
@TargetClass(AbstractConfigBuilder.class)
final class AbstractConfigBuilderSubstitutions {

    private AbstractConfigBuilderSubstitutions() {}

    @Substitute
    @SuppressWarnings("unused") // called by what Quarkus generates
    protected static void withMapping(SmallRyeConfigBuilder builder, ConfigClass mapping) {
        var mappings = builder.getMappingsBuilder();
        // Those that are fixed when Quarkus is built come as objects, and all the same to be read.
        if (!mappings.getMappingsInstances().containsKey(mapping)) {
            BuildTimeConfig.find(mapping)
                    .ifPresentOrElse(made -> mappings.mappingInstance(mapping, made), () -> mappings.mapping(mapping));
        }
    }
}
