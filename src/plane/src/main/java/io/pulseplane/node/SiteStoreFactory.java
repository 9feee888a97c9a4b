package io.pulseplane.node;

import io.micrometer.core.instrument.MeterRegistry;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.node.config.PlaneConfig;
import io.pulseplane.node.config.PostgresConfig;
import io.pulseplane.node.config.SiteConfig;
import io.pulseplane.node.config.SpoolConfig;
import io.pulseplane.node.config.StartupException;
import io.pulseplane.node.metrics.GuardMetrics;
import io.pulseplane.node.metrics.SpoolMetrics;
import io.pulseplane.store.Store;
import io.pulseplane.store.postgres.PostgresStore;
import io.pulseplane.store.privacy.PrivacyJournal;
import io.pulseplane.store.spool.SpoolingStore;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Opens the store of a plane of a site: PostgreSQL, with a spool in front of it. A plane with an edge store does not
 * use it.
 */
@Singleton
final class SiteStoreFactory {

    private final PlaneConfig plane;
    private final SiteConfig site;
    private final SpoolConfig spool;
    private final PostgresConfig postgres;
    private final Vertx vertx;
    private final MeterRegistry registry;
    private final LongSupplier clock;
    private PostgresStore postgresStore;
    private Optional<PrivacyJournal> journal = Optional.empty();

    SiteStoreFactory(
            PlaneConfig plane,
            SiteConfig site,
            SpoolConfig spool,
            PostgresConfig postgres,
            Vertx vertx,
            MeterRegistry registry,
            LongSupplier clock) {
        this.plane = plane;
        this.site = site;
        this.spool = spool;
        this.postgres = postgres;
        this.vertx = vertx;
        this.registry = registry;
        this.clock = clock;
    }

    Store open() {
        journal = openJournal();
        if (!spool.enabled()) {
            return openPostgres();
        }
        var keys = site.keys("the spool, which keeps batches while PostgreSQL is gone"
                + " (pulseplane.spool.enabled=false switches it off),");
        try {
            var settings = spool.settings(plane.dataDir(), keys);
            var spoolMetrics = new SpoolMetrics(registry);
            var store = SpoolingStore.open(openPostgres(), settings, clock, spoolMetrics);
            spoolMetrics.registerGauges(store, clock);
            return store;
        } catch (IllegalArgumentException e) {
            throw new StartupException("pulseplane.spool: " + e.getMessage());
        }
    }

    private PostgresStore openPostgres() {
        postgresStore =
                PostgresStore.open(vertx, postgres.settings(), clock, new GuardMetrics(registry, "postgres-reads"));
        return postgresStore;
    }

    /** Without a key of the site there is nothing to seal the journal with. */
    private Optional<PrivacyJournal> openJournal() {
        return site.key().isEmpty()
                ? Optional.empty()
                : Optional.of(PrivacyJournal.open(
                        plane.dataDir().resolve("decisions"), site.keys("the journal of erasures and consents")));
    }

    /** The store in PostgreSQL, once it is open. */
    PostgresStore postgres() {
        return postgresStore;
    }

    /** The journal of this plane's erasures and changes of consent, once the store is open. */
    Optional<PrivacyJournal> journal() {
        return journal;
    }

    void onStart(@Observes StartupEvent event, Store store, ChangePublisher changes) {
        if (store instanceof SpoolingStore spooling) {
            spooling.start(changes);
        }
    }
}
