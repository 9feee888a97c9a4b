package io.pulseplane.node.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.pulseplane.coherence.RedisSite;
import io.pulseplane.coherence.SiteEvents;
import io.pulseplane.coherence.WindowCache;
import io.pulseplane.store.GuardEvents;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToDoubleFunction;

/** Counts what happens between the plane and Redis. Made only where there is one. */
public final class SiteMetrics implements SiteEvents {

    private final MeterRegistry registry;
    private final Map<LookupOutcome, Counter> lookups = new EnumMap<>(LookupOutcome.class);
    private final Map<CommandKind, GuardMetrics> guards = new EnumMap<>(CommandKind.class);
    private final Map<String, AtomicInteger> connections = new ConcurrentHashMap<>();
    private final Counter sent;
    private final Counter notSent;
    private final Counter heard;
    private final Counter missed;
    private final Counter forged;

    public SiteMetrics(MeterRegistry registry) {
        this.registry = registry;
        for (var lookup : LookupOutcome.values()) {
            lookups.put(
                    lookup,
                    Counter.builder("pulseplane.redis.lookups")
                            .description(
                                    "Questions for latest readings that were not in memory, by what Redis had to say")
                            .tag("outcome", lookup.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
        for (var guarded : CommandKind.values()) {
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
    public void registerGauges(RedisSite site) {
        Gauge.builder("pulseplane.site.planes", site, RedisSite::planeCount)
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
    public static void registerGauges(WindowCache windows, MeterRegistry registry) {
        Gauge.builder("pulseplane.windows.size", windows, WindowCache::bytes)
                .description("Bytes that remembered windows take")
                .baseUnit("bytes")
                .register(registry);
        lookups(windows, "hit", WindowCache::hits, registry);
        lookups(windows, "miss", WindowCache::misses, registry);
    }

    private static void lookups(
            WindowCache windows, String outcome, ToDoubleFunction<WindowCache> count, MeterRegistry registry) {
        FunctionCounter.builder("pulseplane.windows.lookups", windows, count)
                .description("Questions for windows that may be remembered, by whether those that are over were")
                .tag("outcome", outcome)
                .register(registry);
    }

    @Override
    public void lookedUp(LookupOutcome lookup) {
        lookups.get(lookup).increment();
    }

    @Override
    public void sent(int changes) {
        sent.increment();
    }

    @Override
    public void sendFailed() {
        notSent.increment();
    }

    @Override
    public void received(int changes) {
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
    public GuardEvents guardEvents(CommandKind of) {
        return guards.get(of);
    }

    @Override
    public void connectionChanged(String which, boolean up) {
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
