package io.pulseplane.api;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.nio.file.Path;
import java.util.Map;

/** Configures a policy that permits everything, for tests of the endpoints behind the gate. */
public final class AllowAllPolicy implements QuarkusTestResourceLifecycleManager {

    @Override
    public Map<String, String> start() {
        return Map.of(
                "pulseplane.policy.directory",
                Path.of("src/test/policies/open").toAbsolutePath().toString());
    }

    @Override
    public void stop() {}
}
