package io.pulseplane.cache;

import io.pulseplane.store.GuardEvents;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Writes down what happens between a plane and Redis. */
final class SiteLedger implements SiteEvents {

    final AtomicInteger sent = new AtomicInteger();
    final AtomicInteger notSent = new AtomicInteger();
    final AtomicInteger heard = new AtomicInteger();
    final AtomicInteger missed = new AtomicInteger();
    final AtomicInteger forged = new AtomicInteger();
    final List<String> interventions = new CopyOnWriteArrayList<>();
    final List<String> breakers = new CopyOnWriteArrayList<>();
    private final Map<Lookup, AtomicInteger> lookups = new EnumMap<>(Lookup.class);

    SiteLedger() {
        for (var lookup : Lookup.values()) {
            lookups.put(lookup, new AtomicInteger());
        }
    }

    int count(Lookup lookup) {
        return lookups.get(lookup).get();
    }

    @Override
    public void lookedUp(Lookup lookup) {
        lookups.get(lookup).incrementAndGet();
    }

    @Override
    public void sent(int changes) {
        sent.incrementAndGet();
    }

    @Override
    public void notSent() {
        notSent.incrementAndGet();
    }

    @Override
    public void heard(int changes) {
        heard.incrementAndGet();
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
    public GuardEvents guard(Guarded of) {
        return new GuardEvents() {
            @Override
            public void intervened(Intervention how) {
                interventions.add(of + " " + how);
            }

            @Override
            public void breaker(String state) {
                breakers.add(of + " " + state);
            }
        };
    }
}
