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
 * Puts the gate in front of every service: the plane's own and those that Quarkus adds.
 *
 * <p>The gate calls the plane's own endpoints directly. Quarkus would run them inside a Vert.x context and a CDI
 * request context, which it enters again for each event of a call, and inside an exception handler. That would cost an
 * eighth of the time of an answer. The endpoints need none of it: they live as long as the plane, and answer their
 * failures themselves.
 */
@GlobalInterceptor
@Singleton
final class GateInterceptor implements ServerInterceptor, Prioritized {

    /** Outside of the interceptors of Quarkus and inside of {@link CallMetrics}, so that refusals are measured too. */
    static final int PRIORITY = CallMetrics.PRIORITY - 1;

    private static final String PLANE_PACKAGE = "pulseplane.";

    private final Gate gate;

    /** The plane's own endpoints by the full name of the rpc. */
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

    /** The plane's own endpoint of an rpc, or the next handler. A name stands for one rpc, so the cast is safe. */
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
