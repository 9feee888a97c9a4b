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

/** Times every call by rpc and status, from its headers to its close. */
@GlobalInterceptor
@Singleton
public final class CallMetrics implements ServerInterceptor, Prioritized {

    /** Outside of every other interceptor, so that what they refuse is measured too. */
    public static final int PRIORITY = Integer.MAX_VALUE;

    private final MeterRegistry registry;

    /** Timers by rpc and, inside, by the number of the status code. Rpcs are those there are, so this is bounded. */
    private final Map<String, Timer[]> timers = new ConcurrentHashMap<>();

    public CallMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        long begun = System.nanoTime();
        return next.startCall(
                new SimpleForwardingServerCall<>(call) {
                    @Override
                    public void close(Status status, Metadata trailers) {
                        timer(call.getMethodDescriptor().getFullMethodName(), status.getCode())
                                .record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
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
        var ofRpc = timers.get(rpc);
        if (ofRpc == null) {
            ofRpc = timers.computeIfAbsent(rpc, _ -> new Timer[Status.Code.values().length]);
        }
        var timer = ofRpc[code.value()];
        if (timer == null) {
            // Two threads may both come here; the registry gives them the same timer.
            timer = Timer.builder("pulseplane.calls")
                    .description("How long calls take, by rpc and status")
                    .tags("rpc", rpc, "status", code.name())
                    .publishPercentileHistogram()
                    .minimumExpectedValue(Duration.ofNanos(50_000))
                    .maximumExpectedValue(Duration.ofSeconds(10))
                    .register(registry);
            ofRpc[code.value()] = timer;
        }
        return timer;
    }
}
