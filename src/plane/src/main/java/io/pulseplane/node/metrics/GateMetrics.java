package io.pulseplane.node.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.pulseplane.gate.GateEvents;
import io.pulseplane.gate.audit.AuditEvents;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Counts what happens at the gate and in the audit log. */
@Singleton
public final class GateMetrics implements GateEvents, AuditEvents {

    private final MeterRegistry registry;

    /** Counters by action and, inside, by outcome. Actions are those there are, so this is bounded. */
    private final Map<String, Counter[]> decisions = new ConcurrentHashMap<>();

    private final Counter connectionsRefused;
    private final Counter callsEnded;
    private final Counter records;
    private final Counter recordsRefused;
    private final Counter failures;
    private final Timer commitLatency;

    GateMetrics(MeterRegistry registry) {
        this.registry = registry;
        connectionsRefused = Counter.builder("pulseplane.gate.connections.refused")
                .description("Connections refused because their address had too many")
                .register(registry);
        callsEnded = Counter.builder("pulseplane.gate.calls.ended")
                .description("Permitted calls that were ended: consent was withdrawn, or the token expired")
                .register(registry);
        records = Counter.builder("pulseplane.audit.records")
                .description("Audit records that became durable")
                .register(registry);
        recordsRefused = Counter.builder("pulseplane.audit.records.refused")
                .description("Audit records that could not be taken; what they were of was not done")
                .register(registry);
        failures = Counter.builder("pulseplane.audit.failures")
                .description("Attempts to write the audit log that failed")
                .register(registry);
        commitLatency = Timer.builder("pulseplane.audit.commit")
                .description("How long a group of audit records takes to become durable")
                .publishPercentileHistogram()
                .register(registry);
    }

    @Override
    public void decided(String action, Outcome outcome) {
        var ofAction = decisions.computeIfAbsent(action, _ -> new Counter[Outcome.values().length]);
        var counter = ofAction[outcome.ordinal()];
        if (counter == null) {
            // Two threads may both come here; the registry gives them the same counter.
            counter = Counter.builder("pulseplane.gate.decisions")
                    .description("Requests decided on, by action and outcome")
                    .tags("action", action, "outcome", outcome.name())
                    .register(registry);
            ofAction[outcome.ordinal()] = counter;
        }
        counter.increment();
    }

    @Override
    public void connectionRefused() {
        connectionsRefused.increment();
    }

    @Override
    public void callEnded() {
        callsEnded.increment();
    }

    @Override
    public void committed(int written, long nanos) {
        records.increment(written);
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
