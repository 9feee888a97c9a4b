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

/** Counts lookups in Redis and messages between the planes of a site. Exists only where the plane uses Redis. */
public final class SiteMetrics implements SiteEvents {

    private final MeterRegistry registry;
    private final Map<LookupOutcome, Counter> lookups = new EnumMap<>(LookupOutcome.class);
    private final Map<CommandKind, GuardMetrics> guards = new EnumMap<>(CommandKind.class);
    private final Map<String, AtomicInteger> connections = new ConcurrentHashMap<>();
    private final Counter sent;
    private final Counter sendFailures;
    private final Counter received;
    private final Counter missed;
    private final Counter forged;

    public SiteMetrics(MeterRegistry registry) {
        this.registry = registry;
        for (var lookup : LookupOutcome.values()) {
            lookups.put(
                    lookup,
                    Counter.builder("pulseplane.redis.lookups")
                            .description("Lookups in Redis of latest readings that were not in memory, by outcome")
                            .tag("outcome", lookup.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
        for (var guarded : CommandKind.values()) {
            guards.put(
                    guarded,
                    new GuardMetrics(registry, "redis-" + guarded.name().toLowerCase(Locale.ROOT)));
        }
        sent = messages("sent");
        sendFailures = messages("not_sent");
        received = messages("heard");
        missed = messages("missed");
        forged = messages("forged");
    }

    private Counter messages(String outcome) {
        return Counter.builder("pulseplane.site.messages")
                .description("Messages between the planes, heartbeats included, by outcome")
                .tag("outcome", outcome)
                .register(registry);
    }

    /** Adds the gauges of the site. */
    public void registerGauges(RedisSite site) {
        Gauge.builder("pulseplane.site.planes", site, RedisSite::planeCount)
                .description("Planes of the site that this plane knows, itself included")
                .register(registry);
        Gauge.builder("pulseplane.site.confirmed", site, s -> s.isConfirmed() ? 1 : 0)
                .description("1 while freshness is within its bound, so that cached values are served")
                .register(registry);
        Gauge.builder("pulseplane.site.sharing", site, s -> s.isSharing() ? 1 : 0)
                .description("1 while the plane trusts the values in Redis")
                .register(registry);
    }

    /** Adds the metrics of the cache of windows, which a plane of a site has with Redis or without. */
    public static void registerGauges(WindowCache windows, MeterRegistry registry) {
        Gauge.builder("pulseplane.windows.size", windows, WindowCache::bytes)
                .description("Bytes of cached windows")
                .baseUnit("bytes")
                .register(registry);
        lookups(windows, "hit", WindowCache::hits, registry);
        lookups(windows, "miss", WindowCache::misses, registry);
    }

    private static void lookups(
            WindowCache windows, String outcome, ToDoubleFunction<WindowCache> count, MeterRegistry registry) {
        FunctionCounter.builder("pulseplane.windows.lookups", windows, count)
                .description("Queries for windows that may be cached, by whether the complete windows were cached")
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
        sendFailures.increment();
    }

    @Override
    public void received(int changes) {
        received.increment();
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
    public GuardEvents guardEvents(CommandKind kind) {
        return guards.get(kind);
    }

    @Override
    public void connectionChanged(String connection, boolean isUp) {
        connections
                .computeIfAbsent(connection, name -> {
                    var connected = new AtomicInteger();
                    Gauge.builder("pulseplane.redis.connected", connected, AtomicInteger::get)
                            .description("1 while the connection to Redis is open")
                            .tag("connection", name)
                            .register(registry);
                    return connected;
                })
                .set(isUp ? 1 : 0);
    }
}
