package io.pulseplane.coherence;

import io.pulseplane.store.GuardEvents;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Records the events between a plane and Redis. */
final class RecordingSiteEvents implements SiteEvents {

    final AtomicInteger sent = new AtomicInteger();
    final AtomicInteger sendFailed = new AtomicInteger();
    final AtomicInteger received = new AtomicInteger();
    final AtomicInteger missed = new AtomicInteger();
    final AtomicInteger forged = new AtomicInteger();
    final List<String> interventions = new CopyOnWriteArrayList<>();
    final List<String> breakers = new CopyOnWriteArrayList<>();
    private final Map<LookupOutcome, AtomicInteger> lookups = new EnumMap<>(LookupOutcome.class);

    RecordingSiteEvents() {
        for (var outcome : LookupOutcome.values()) {
            lookups.put(outcome, new AtomicInteger());
        }
    }

    int count(LookupOutcome outcome) {
        return lookups.get(outcome).get();
    }

    @Override
    public void lookedUp(LookupOutcome outcome) {
        lookups.get(outcome).incrementAndGet();
    }

    @Override
    public void sent(int changes) {
        sent.incrementAndGet();
    }

    @Override
    public void sendFailed() {
        sendFailed.incrementAndGet();
    }

    @Override
    public void received(int changes) {
        received.incrementAndGet();
    }

    @Override
    public void missed() {
        missed.incrementAndGet();
    }

    @Override
    public void forged() {
        forged.incrementAndGet();
    }

    @Override
    public GuardEvents guardEvents(CommandKind kind) {
        return new GuardEvents() {
            @Override
            public void intervened(Intervention how) {
                interventions.add(kind + " " + how);
            }

            @Override
            public void circuitBreakerChanged(String state) {
                breakers.add(kind + " " + state);
            }
        };
    }
}
