package io.pulseplane.node;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.pulseplane.gate.Gate;
import io.quarkus.grpc.GlobalInterceptor;
import jakarta.enterprise.inject.spi.Prioritized;
import jakarta.inject.Singleton;

/** Puts the gate in front of every service: ours, and those that Quarkus brings. */
@GlobalInterceptor
@Singleton
final class GateInterceptor implements ServerInterceptor, Prioritized {

    /** Inside of the interceptor that measures, so that refusals are measured too; outside of everything else of ours. */
    static final int PRIORITY = 10;

    private final Gate gate;

    GateInterceptor(Gate gate) {
        this.gate = gate;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        return gate.interceptCall(call, headers, next);
    }

    @Override
    public int getPriority() {
        return PRIORITY;
    }
}
