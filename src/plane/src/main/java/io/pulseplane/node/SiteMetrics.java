package io.pulseplane.node;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.pulseplane.cache.RecentWindows;
import io.pulseplane.cache.RedisSite;
import io.pulseplane.cache.SiteEvents;
import io.pulseplane.store.GuardEvents;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToDoubleFunction;

/** Counts what happens between the plane and Redis. Made only where there is one. */
final class SiteMetrics implements SiteEvents {

    private final MeterRegistry registry;
    private final Map<Lookup, Counter> lookups = new EnumMap<>(Lookup.class);
    private final Map<Guarded, GuardMetrics> guards = new EnumMap<>(Guarded.class);
    private final Map<String, AtomicInteger> connections = new ConcurrentHashMap<>();
    private final Counter sent;
    private final Counter notSent;
    private final Counter heard;
    private final Counter missed;
    private final Counter forged;

    SiteMetrics(MeterRegistry registry) {
        this.registry = registry;
        for (var lookup : Lookup.values()) {
            lookups.put(
                    lookup,
                    Counter.builder("pulseplane.redis.lookups")
                            .description(
                                    "Questions for latest readings that were not in memory, by what Redis had to say")
                            .tag("outcome", lookup.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
        for (var guarded : Guarded.values()) {
            guards.put(
                    guarded,
                    new GuardMetrics(registry, "redis-" + guarded.name().toLowerCase(Locale.ROOT)));
        }
        sent = messages("sent");
        notSent = messages("not_sent");
        heard = messages("heard");
        missed = messages("missed");
        forged = messages("forged");
    }

    private Counter messages(String outcome) {
        return Counter.builder("pulseplane.site.messages")
                .description("What the planes told each other, signs of life included")
                .tag("outcome", outcome)
                .register(registry);
    }

    /** What is to be told of the site from now on. */
    void watch(RedisSite site) {
        Gauge.builder("pulseplane.site.planes", site, RedisSite::planes)
                .description("Planes of the site that are known here, this one included")
                .register(registry);
        Gauge.builder("pulseplane.site.confirmed", site, s -> s.isConfirmed() ? 1 : 0)
                .description("1 while it is known what all planes did, so that what is remembered is served")
                .register(registry);
        Gauge.builder("pulseplane.site.sharing", site, s -> s.isSharing() ? 1 : 0)
                .description("1 while what is in Redis is trusted")
                .register(registry);
    }

    /** What is to be told of windows that are remembered, with Redis or without. */
    static void watch(RecentWindows windows, MeterRegistry registry) {
        Gauge.builder("pulseplane.windows.size", windows, RecentWindows::bytes)
                .description("Bytes that remembered windows take")
                .baseUnit("bytes")
                .register(registry);
        lookups(windows, "hit", RecentWindows::hits, registry);
        lookups(windows, "miss", RecentWindows::misses, registry);
    }

    private static void lookups(
            RecentWindows windows, String outcome, ToDoubleFunction<RecentWindows> count, MeterRegistry registry) {
        FunctionCounter.builder("pulseplane.windows.lookups", windows, count)
                .description("Questions for windows that may be remembered, by whether those that are over were")
                .tag("outcome", outcome)
                .register(registry);
    }

    @Override
    public void lookedUp(Lookup lookup) {
        lookups.get(lookup).increment();
    }

    @Override
    public void sent(int changes) {
        sent.increment();
    }

    @Override
    public void notSent() {
        notSent.increment();
    }

    @Override
    public void heard(int changes) {
        heard.increment();
    }

    @Override
    public void missed() {
        missed.increment();
    }

    @Override
    public void forged() {
        forged.increment();
    }

    @Override
    public GuardEvents guard(Guarded of) {
        return guards.get(of);
    }

    @Override
    public void connected(String which, boolean up) {
        connections
                .computeIfAbsent(which, name -> {
                    var connected = new AtomicInteger();
                    Gauge.builder("pulseplane.redis.connected", connected, AtomicInteger::get)
                            .description("1 while there is this connection to Redis")
                            .tag("connection", name)
                            .register(registry);
                    return connected;
                })
                .set(up ? 1 : 0);
    }
}
