package io.pulseplane.gate;

import com.sun.net.httpserver.HttpServer;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.policy.PolicyDecision;
import io.pulseplane.gate.policy.PolicyInput;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** A policy whose OPA server stops with it. */
record PolicyOfServer(Policy policy, HttpServer server) implements Policy {

    @Override
    public PolicyDecision cached(PolicyInput input) {
        return policy.cached(input);
    }

    @Override
    public CompletionStage<PolicyDecision> decide(PolicyInput input) {
        return policy.decide(input);
    }

    @Override
    public String digest() {
        return policy.digest();
    }

    @Override
    public Optional<Duration> validity() {
        return policy.validity();
    }

    @Override
    public void close() {
        policy.close();
        server.stop(0);
    }
}
