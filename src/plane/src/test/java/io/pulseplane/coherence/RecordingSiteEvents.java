package io.pulseplane.coherence;

import io.pulseplane.store.GuardEvents;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Writes down what happens between a plane and Redis. */
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
        for (var lookup : LookupOutcome.values()) {
            lookups.put(lookup, new AtomicInteger());
        }
    }

    int count(LookupOutcome lookup) {
        return lookups.get(lookup).get();
    }

    @Override
    public void lookedUp(LookupOutcome lookup) {
        lookups.get(lookup).incrementAndGet();
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
    public GuardEvents guardEvents(CommandKind of) {
        return new GuardEvents() {
            @Override
            public void intervened(Intervention how) {
                interventions.add(of + " " + how);
            }

            @Override
            public void circuitBreakerChanged(String state) {
                breakers.add(of + " " + state);
            }
        };
    }
}
