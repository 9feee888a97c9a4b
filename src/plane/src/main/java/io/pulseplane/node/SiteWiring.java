package io.pulseplane.node;

import io.micrometer.core.instrument.MeterRegistry;
import io.pulseplane.cache.Heard;
import io.pulseplane.cache.LatestSource;
import io.pulseplane.cache.RecentWindows;
import io.pulseplane.cache.RedisSettings;
import io.pulseplane.cache.RedisSite;
import io.pulseplane.cache.SilentSite;
import io.pulseplane.cache.WindowSource;
import io.pulseplane.gate.Gate;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Reading;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.function.LongSupplier;

/**
 * The other planes, and how this one hears of them. A plane that has its store to itself loads nothing of what it takes to
 * have others.
 */
final class SiteWiring {

    @Produces
    @Singleton
    Site site(
            PlaneConfig plane,
            GateConfig gate,
            SiteConfig site,
            RedisConfig redis,
            RedisServer server,
            Vertx vertx,
            MeterRegistry registry,
            RecentWindows windows) {
        if (plane.store().kind() == PlaneConfig.StoreKind.EDGE) {
            if (redis.hosts().isPresent()) {
                throw new StartupException(
                        "pulseplane.redis.hosts is for planes that share a store: pulseplane.store=postgres");
            }
            return Site.OF_ONE;
        }
        try {
            return server.configured()
                    .<Site>map(there -> withRedis(gate, site, redis, there, vertx, registry, windows))
                    .orElseGet(() -> new SilentSite(vertx, site.maxStaleness(), windows));
        } catch (IllegalArgumentException e) {
            throw new StartupException("pulseplane.redis, pulseplane.site: " + e.getMessage());
        }
    }

    private static RedisSite withRedis(
            GateConfig gate,
            SiteConfig site,
            RedisConfig redis,
            RedisSettings.Server server,
            Vertx vertx,
            MeterRegistry registry,
            RecentWindows windows) {
        var metrics = new SiteMetrics(registry);
        var settings = redis.settings(gate.nodeId(), server, site.keys("Redis"), site.maxStaleness());
        var made = new RedisSite(vertx, settings, metrics, windows);
        metrics.watch(made);
        return made;
    }

    void close(@Disposes Site site) throws Exception {
        if (site instanceof AutoCloseable open) {
            open.close();
        }
    }

    @Produces
    @Singleton
    LatestSource latestSource(Site site, Store store) {
        return site instanceof RedisSite redis ? redis.over(store) : LatestSource.of(store, site);
    }

    @Produces
    @Singleton
    RecentWindows recentWindows(SiteConfig site) {
        return new RecentWindows(site.windowsMemory().asLongValue(), site.windowsTtl());
    }

    /** A store on this machine has its windows as near as memory. */
    @Produces
    @Singleton
    WindowSource windowSource(
            Site site, Store store, RecentWindows windows, LongSupplier clock, MeterRegistry registry) {
        if (!site.isShared()) {
            return WindowSource.of(store.readings());
        }
        SiteMetrics.watch(windows, registry);
        return windows.over(store.readings(), site, clock);
    }

    /** Before the first call comes in, and without waiting for anybody. */
    void started(@Observes StartupEvent event, Site site, Gate gate, ChangePublisher changes) {
        if (site instanceof RedisSite redis) {
            redis.start(new Told(gate, changes));
        } else if (site instanceof SilentSite silent) {
            silent.start(new Told(gate, changes));
        }
    }

    /** First the gate knows of whom readings are, then they can be had. */
    private record Told(Gate gate, ChangePublisher changes) implements Heard {

        @Override
        public void stored(Reading reading) {
            var series = reading.series();
            gate.stored(series.device(), series.patient());
            changes.readingStoredElsewhere(reading);
        }

        @Override
        public void consentChanged(String patient) {
            gate.consentChanged(patient);
        }

        @Override
        public void deviceChanged(String device) {
            gate.deviceChanged(device);
        }

        @Override
        public void doubt() {
            gate.doubt();
        }
    }
}
