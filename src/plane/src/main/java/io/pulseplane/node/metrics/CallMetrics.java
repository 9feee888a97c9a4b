package io.pulseplane.node.metrics;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.quarkus.grpc.GlobalInterceptor;
import jakarta.enterprise.inject.spi.Prioritized;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Measures the duration of every call by rpc and status, from its headers to its close. */
@GlobalInterceptor
@Singleton
public final class CallMetrics implements ServerInterceptor, Prioritized {

    /** Outside of every other interceptor, so that calls they refuse are measured too. */
    public static final int PRIORITY = Integer.MAX_VALUE;

    private final MeterRegistry registry;

    /** Timers by rpc and, inside, by the number of the status code. Bounded, as only existing rpcs have an entry. */
    private final Map<String, Timer[]> timers = new ConcurrentHashMap<>();

    public CallMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        long startNanos = System.nanoTime();
        return next.startCall(
                new SimpleForwardingServerCall<>(call) {
                    @Override
                    public void close(Status status, Metadata trailers) {
                        timer(call.getMethodDescriptor().getFullMethodName(), status.getCode())
                                .record(System.nanoTime() - startNanos, TimeUnit.NANOSECONDS);
                        super.close(status, trailers);
                    }
                },
                headers);
    }

    @Override
    public int getPriority() {
        return PRIORITY;
    }

    private Timer timer(String rpc, Status.Code code) {
        var timersOfRpc = timers.get(rpc);
        if (timersOfRpc == null) {
            timersOfRpc = timers.computeIfAbsent(rpc, _ -> new Timer[Status.Code.values().length]);
        }
        var timer = timersOfRpc[code.value()];
        if (timer == null) {
            // Two threads may create it at the same time; the registry gives both the same timer.
            timer = Timer.builder("pulseplane.calls")
                    .description("Duration of calls, by rpc and status")
                    .tags("rpc", rpc, "status", code.name())
                    .publishPercentileHistogram()
                    .minimumExpectedValue(Duration.ofNanos(50_000))
                    .maximumExpectedValue(Duration.ofSeconds(10))
                    .register(registry);
            timersOfRpc[code.value()] = timer;
        }
        return timer;
    }
}
