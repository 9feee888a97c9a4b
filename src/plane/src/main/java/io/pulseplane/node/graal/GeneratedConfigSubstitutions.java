package io.pulseplane.node.graal;

import com.oracle.svm.core.annotate.Alias;
import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import io.pulseplane.node.EagerOpen;
import io.quarkus.runtime.ValueRegistryConfigSource;
import io.quarkus.runtime.configuration.AbstractConfigBuilder;
import io.quarkus.runtime.configuration.ConfigDiagnostic;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.runtime.configuration.NameIterator;
import io.quarkus.runtime.configuration.QuarkusConfigFactory;
import io.quarkus.value.registry.ValueRegistry;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.HashSet;
import java.util.Set;

/**
 * For the native executable: looks for misspelled names only among the names that the start sets. The other names,
 * about seven hundred, are Quarkus's own.
 */
@TargetClass(className = "io.quarkus.runtime.generated.Config")
final class GeneratedConfigSubstitutions {

    @Alias
    private static native boolean isMapped(NameIterator name);

    @Substitute
    @SuppressWarnings("unused") // called by what Quarkus generates
    public void readConfig(ValueRegistry values) {
        var builder = new SmallRyeConfigBuilder();
        AbstractConfigBuilder.withCustomizer(builder, ValueRegistryConfigSource.customizer(values));
        AbstractConfigBuilder.withCustomizer(builder, "io.quarkus.runtime.generated.RunTimeConfig");
        var config = builder.build();
        QuarkusConfigFactory.setConfig(config);
        Set<String> unknown = new HashSet<>();
        for (var source : config.getConfigSources()) {
            // Ordinal 0 and below are defaults; the highest ordinal is fixed at build time.
            if (source.getOrdinal() > 0 && source.getOrdinal() < Integer.MAX_VALUE) {
                for (var name : source.getPropertyNames()) {
                    if (name.startsWith("quarkus.") && !isMapped(new NameIterator(name))) {
                        unknown.add(name);
                    }
                }
            }
        }
        ConfigDiagnostic.reportUnknownRuntime(unknown);
        if (ConfigDiagnostic.isError()) {
            // Quarkus's own words.
            var message =
                    "One or more configuration errors have prevented the application from starting. The errors are:\n"
                            + ConfigDiagnostic.getNiceErrorMessage();
            var keys = ConfigDiagnostic.getErrorKeys();
            ConfigDiagnostic.resetError();
            throw new ConfigurationException(message, keys);
        }
        EagerOpen.start(config);
    }
}
