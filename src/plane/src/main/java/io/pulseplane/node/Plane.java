package io.pulseplane.node;

import io.pulseplane.api.Limits;
import io.pulseplane.cache.LatestSource;
import io.pulseplane.cache.WindowSource;
import io.pulseplane.ingest.Ingest;
import io.pulseplane.ingest.IngestEvents;
import io.pulseplane.ingest.Registration;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.live.LatestValues;
import io.pulseplane.live.Watchers;
import io.pulseplane.query.Aggregation;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.RangeQuery;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.EpochMicros;
import io.pulseplane.vitals.Screening;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.function.LongSupplier;

/** The parts of the plane and how they fit together. */
final class Plane {

    @Produces
    @Singleton
    LongSupplier clock() {
        return EpochMicros::now;
    }

    @Produces
    @Singleton
    Store store(PlaneConfig config, EdgeConfig edge, Instance<SiteStore> site, LongSupplier clock) {
        return switch (config.store().kind()) {
            case EDGE ->
                Ahead.storeOr(() -> EdgeStore.open(
                        config.dataDir(), edge.settings(config.store().readerThreads()), clock));
            case POSTGRES -> site.get().open();
        };
    }

    void close(@Disposes Store store) {
        store.close();
    }

    @Produces
    @Singleton
    LatestValues latestValues(PlaneConfig config) {
        return new LatestValues(config.live().latestMemory().asLongValue());
    }

    @Produces
    @Singleton
    Watchers watchers(PlaneConfig config) {
        return new Watchers(config.live().maxWatchReadings());
    }

    @Produces
    @Singleton
    ChangePublisher changes(LatestValues latest, Watchers watchers, Site site) {
        return new ChangePublisher(latest, watchers, site);
    }

    @Produces
    @Singleton
    Ingest ingest(PlaneConfig config, Store store, ChangePublisher changes, IngestEvents events, LongSupplier clock) {
        var ingest = config.ingest();
        return new Ingest(
                new Screening(Catalogue.standard(), ingest.unknownCodes(), ingest.aheadAllowance()),
                new Registration(ingest.unregistered(), store.registry()),
                store,
                changes,
                ingest.maxPendingBytes().asLongValue(),
                events,
                clock);
    }

    @Produces
    @Singleton
    LatestQuery latestQuery(LatestValues values, Store store, LatestSource source, Site site) {
        return new LatestQuery(values, store, source, site);
    }

    @Produces
    @Singleton
    RangeQuery rangeQuery(Store store) {
        return new RangeQuery(store);
    }

    @Produces
    @Singleton
    Aggregation aggregation(Store store, WindowSource source) {
        return new Aggregation(store, source);
    }

    @Produces
    @Singleton
    Limits limits(PlaneConfig config) {
        return new Limits(
                config.ingest().maxBatchReadings(),
                config.ingest().maxStreamBytes().asLongValue(),
                config.query().unaryDeadline());
    }
}
