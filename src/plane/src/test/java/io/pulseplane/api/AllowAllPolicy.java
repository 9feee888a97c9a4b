package io.pulseplane.api;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.nio.file.Path;
import java.util.Map;

/** A policy that lets everybody do everything, for tests of what comes after the gate. */
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
