package io.pulseplane.node.graal;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import io.quarkus.runtime.configuration.ConfigRecorder;
import io.smallrye.config.ConfigValue;
import java.util.List;

/** For the native executable: looks up only those properties fixed at build time that the start tries to set. */
@TargetClass(ConfigRecorder.class)
final class ConfigRecorderSubstitutions {

    @Substitute
    @SuppressWarnings("unused") // called by what Quarkus generates
    public void handleConfigChange(List<ConfigValue> fixed) {
        BuildTimeMismatchCheck.check(fixed);
    }
}
