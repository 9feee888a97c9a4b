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
 * Creates the connection to the other planes of the site, through Redis or by polling. A plane with an edge store loads
 * none of those classes.
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
                        "pulseplane.redis.hosts is only for planes that share a store: set pulseplane.store=postgres");
            }
            return Site.SINGLE_PLANE;
        }
        try {
            return server.server()
                    .<Site>map(options -> redisSite(gate, site, redis, options, vertx, registry, windows))
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
        var redisSite = new RedisSite(vertx, settings, metrics, windows);
        metrics.registerGauges(redisSite);
        return redisSite;
    }

    void close(@Disposes Site site) throws Exception {
        if (site instanceof AutoCloseable closeable) {
            closeable.close();
        }
    }

    @Produces
    @Singleton
    LatestSource latestSource(Site site, Store store, SiteConfig config) {
        return site instanceof RedisSite redis && config.cacheEnabled()
                ? redis.latestSource(store)
                : LatestSource.of(store, site);
    }

    @Produces
    @Singleton
    WindowCache recentWindows(SiteConfig site) {
        return new WindowCache(site.windowsBytes(), site.windowsTtl());
    }

    /** The windows of an edge store are not cached: its disk is on this machine. */
    @Produces
    @Singleton
    WindowSource windowSource(Site site, Store store, WindowCache windows, LongSupplier clock, MeterRegistry registry) {
        if (!site.isShared()) {
            return WindowSource.of(store.readings());
        }
        SiteMetrics.registerGauges(windows, registry);
        return windows.windowSource(store.readings(), site, clock);
    }

    /** Starts the site before the first call comes in, and does not wait for other planes. */
    void onStart(@Observes StartupEvent event, Site site, Gate gate, ChangePublisher changes) {
        if (site instanceof RedisSite redis) {
            redis.start(new RemoteChangeApplier(gate, changes));
        } else if (site instanceof PollingSite polling) {
            polling.start(new RemoteChangeApplier(gate, changes));
        }
    }

    /**
     * Applies changes of other planes. The gate learns a device's patient first, before queries can see the reading.
     */
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
            changes.assignmentChangedElsewhere(patient);
        }

        @Override
        public void patientErased(String patient) {
            gate.onRemoteErasure(patient);
            changes.patientErasedElsewhere(patient);
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
