package io.pulseplane.node.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.pulseplane.gate.GateEvents;
import io.pulseplane.gate.audit.writing.AuditEvents;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Counts decisions, refused connections and ended calls of the gate, and the records of the audit trail. */
@Singleton
public final class GateMetrics implements GateEvents, AuditEvents {

    private final MeterRegistry registry;

    /** Counters by action and, inside, by outcome. Bounded, as only existing actions have an entry. */
    private final Map<String, Counter[]> decisions = new ConcurrentHashMap<>();

    private final Counter connectionsRefused;
    private final Counter handshakesFailed;
    private final Counter callsEnded;
    private final Counter records;
    private final Counter recordsRefused;
    private final Counter failures;
    private final Timer commitLatency;

    GateMetrics(MeterRegistry registry) {
        this.registry = registry;
        connectionsRefused = Counter.builder("pulseplane.gate.connections.refused")
                .description("Connections refused because their address had too many connections")
                .register(registry);
        handshakesFailed = Counter.builder("pulseplane.gate.handshakes.failed")
                .description("Connections that ended before their TLS handshake did")
                .register(registry);
        callsEnded = Counter.builder("pulseplane.gate.calls.ended")
                .description("Permitted calls that the plane ended because the permission had ended")
                .register(registry);
        records = Counter.builder("pulseplane.audit.records")
                .description("Audit records that became durable")
                .register(registry);
        recordsRefused = Counter.builder("pulseplane.audit.records.refused")
                .description("Audit records that could not be accepted, so their calls were refused")
                .register(registry);
        failures = Counter.builder("pulseplane.audit.failures")
                .description("Failed attempts to write the audit trail")
                .register(registry);
        commitLatency = Timer.builder("pulseplane.audit.commit")
                .description("Time until a group of audit records is durable")
                .publishPercentileHistogram()
                .register(registry);
    }

    @Override
    public void decided(String action, Outcome outcome) {
        var countersOfAction = decisions.computeIfAbsent(action, _ -> new Counter[Outcome.values().length]);
        var counter = countersOfAction[outcome.ordinal()];
        if (counter == null) {
            // Two threads may create it at the same time; the registry gives both the same counter.
            counter = Counter.builder("pulseplane.gate.decisions")
                    .description("Decisions about requests, by action and outcome")
                    .tags("action", action, "outcome", outcome.name())
                    .register(registry);
            countersOfAction[outcome.ordinal()] = counter;
        }
        counter.increment();
    }

    @Override
    public void connectionRefused() {
        connectionsRefused.increment();
    }

    @Override
    public void handshakeFailed() {
        handshakesFailed.increment();
    }

    @Override
    public void callEnded() {
        callsEnded.increment();
    }

    @Override
    public void committed(int count, long nanos) {
        records.increment(count);
        commitLatency.record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void recordRefused() {
        recordsRefused.increment();
    }

    @Override
    public void writeFailed() {
        failures.increment();
    }
}
