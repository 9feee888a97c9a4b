package io.pulseplane.node;

import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerMethodDefinition;
import io.pulseplane.gate.Gate;
import io.pulseplane.node.metrics.CallMetrics;
import io.quarkus.grpc.GlobalInterceptor;
import io.quarkus.grpc.GrpcService;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.spi.Prioritized;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Puts the gate in front of every service: ours, and those that Quarkus brings.
 *
 * <p>Ours are called by the gate itself. What Quarkus has between (a Vert.x context and a CDI request context of each call,
 * entered anew for each of its events, and a handler of exceptions) would cost an eighth of what an answer costs, and none of
 * our endpoints looks at it: they live as long as the plane, and answer their failures themselves.
 */
@GlobalInterceptor
@Singleton
final class GateInterceptor implements ServerInterceptor, Prioritized {

    /** Outside of all that Quarkus has, and inside of the interceptor that measures, so that refusals are measured too. */
    static final int PRIORITY = CallMetrics.PRIORITY - 1;

    private static final String PLANE_PACKAGE = "pulseplane.";

    private final Gate gate;

    /** By the rpc's full name. */
    private final Map<String, ServerCallHandler<?, ?>> endpoints;

    @Inject
    GateInterceptor(Gate gate, @GrpcService Instance<BindableService> services) {
        this(gate, services.stream());
    }

    GateInterceptor(Gate gate, Stream<BindableService> services) {
        this.gate = gate;
        this.endpoints = services.map(BindableService::bindService)
                .filter(service -> service.getServiceDescriptor().getName().startsWith(PLANE_PACKAGE))
                .flatMap(service -> service.getMethods().stream())
                .collect(Collectors.toUnmodifiableMap(
                        method -> method.getMethodDescriptor().getFullMethodName(),
                        ServerMethodDefinition::getServerCallHandler));
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        return gate.interceptCall(call, headers, endpoint(call.getMethodDescriptor(), next));
    }

    /** Of one name there is one rpc, with its one request and answer. */
    @SuppressWarnings("unchecked")
    <Q, R> ServerCallHandler<Q, R> endpoint(MethodDescriptor<Q, R> rpc, ServerCallHandler<Q, R> next) {
        var endpoint = endpoints.get(rpc.getFullMethodName());
        return endpoint == null ? next : (ServerCallHandler<Q, R>) endpoint;
    }

    @Override
    public int getPriority() {
        return PRIORITY;
    }
}
