package io.pulseplane.node;

import io.micrometer.core.instrument.MeterRegistry;
import io.pulseplane.coherence.LatestSource;
import io.pulseplane.coherence.PollingSite;
import io.pulseplane.coherence.RedisSettings;
import io.pulseplane.coherence.RedisSite;
import io.pulseplane.coherence.RemoteChangeListener;
import io.pulseplane.coherence.WindowCache;
import io.pulseplane.coherence.WindowSource;
import io.pulseplane.gate.Gate;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.node.config.GateConfig;
import io.pulseplane.node.config.PlaneConfig;
import io.pulseplane.node.config.RedisConfig;
import io.pulseplane.node.config.SiteConfig;
import io.pulseplane.node.config.StartupException;
import io.pulseplane.node.metrics.SiteMetrics;
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
            RedisOptionsHolder server,
            Vertx vertx,
            MeterRegistry registry,
            WindowCache windows) {
        if (plane.store().kind() == PlaneConfig.StoreKind.EDGE) {
            if (redis.hosts().isPresent()) {
                throw new StartupException(
                        "pulseplane.redis.hosts is for planes that share a store: pulseplane.store=postgres");
            }
            return Site.SINGLE_PLANE;
        }
        try {
            return server.server()
                    .<Site>map(there -> redisSite(gate, site, redis, there, vertx, registry, windows))
                    .orElseGet(() -> new PollingSite(vertx, site.maxStaleness(), windows));
        } catch (IllegalArgumentException e) {
            throw new StartupException("pulseplane.redis, pulseplane.site: " + e.getMessage());
        }
    }

    private static RedisSite redisSite(
            GateConfig gate,
            SiteConfig site,
            RedisConfig redis,
            RedisSettings.Server server,
            Vertx vertx,
            MeterRegistry registry,
            WindowCache windows) {
        var metrics = new SiteMetrics(registry);
        var settings = redis.settings(gate.nodeId(), server, site.keys("Redis"), site.maxStaleness());
        var made = new RedisSite(vertx, settings, metrics, windows);
        metrics.registerGauges(made);
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
        return site instanceof RedisSite redis ? redis.latestSource(store) : LatestSource.of(store, site);
    }

    @Produces
    @Singleton
    WindowCache recentWindows(SiteConfig site) {
        return new WindowCache(site.windowsMemory().asLongValue(), site.windowsTtl());
    }

    /** A store on this machine has its windows as near as memory. */
    @Produces
    @Singleton
    WindowSource windowSource(Site site, Store store, WindowCache windows, LongSupplier clock, MeterRegistry registry) {
        if (!site.isShared()) {
            return WindowSource.of(store.readings());
        }
        SiteMetrics.registerGauges(windows, registry);
        return windows.windowSource(store.readings(), site, clock);
    }

    /** Before the first call comes in, and without waiting for anybody. */
    void onStart(@Observes StartupEvent event, Site site, Gate gate, ChangePublisher changes) {
        if (site instanceof RedisSite redis) {
            redis.start(new RemoteChangeApplier(gate, changes));
        } else if (site instanceof PollingSite silent) {
            silent.start(new RemoteChangeApplier(gate, changes));
        }
    }

    /** First the gate knows of whom readings are, then they can be had. */
    private record RemoteChangeApplier(Gate gate, ChangePublisher changes) implements RemoteChangeListener {

        @Override
        public void readingStored(Reading reading) {
            var series = reading.series();
            gate.onRemoteReadings(series.device(), series.patient());
            changes.readingStoredElsewhere(reading);
        }

        @Override
        public void consentChanged(String patient) {
            gate.onRemoteConsentChange(patient);
        }

        @Override
        public void deviceChanged(String device) {
            gate.onRemoteDeviceChange(device);
        }

        @Override
        public void changesMayBeMissing() {
            gate.recheckRunningCalls();
        }
    }
}
