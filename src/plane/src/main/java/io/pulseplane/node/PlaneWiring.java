package io.pulseplane.node;

import io.pulseplane.api.Deadlines;
import io.pulseplane.api.EndpointLimits;
import io.pulseplane.assignment.Assignments;
import io.pulseplane.clock.ClockSettings;
import io.pulseplane.clock.PlaneClock;
import io.pulseplane.coherence.LatestSource;
import io.pulseplane.coherence.WindowSource;
import io.pulseplane.ingest.AssignmentCheck;
import io.pulseplane.ingest.Ingest;
import io.pulseplane.ingest.IngestEvents;
import io.pulseplane.ingest.RegistrationCheck;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.live.LatestCache;
import io.pulseplane.live.Watchers;
import io.pulseplane.node.config.EdgeConfig;
import io.pulseplane.node.config.HeapShare;
import io.pulseplane.node.config.PlaneConfig;
import io.pulseplane.query.AggregateQuery;
import io.pulseplane.query.AnswerBudget;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.RangeQuery;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.BatchScreener;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.EpochMicros;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Creates the store, ingest and queries from the configuration. */
final class PlaneWiring {

    @Produces
    @Singleton
    PlaneClock clock(PlaneConfig config) {
        return EagerOpen.takeClockOr(() -> openClock(config));
    }

    static PlaneClock openClock(PlaneConfig config) {
        var settings =
                new ClockSettings(config.clock().maxLeap(), config.clock().syncWait());
        return PlaneClock.open(config.dataDir(), PlaneClock.Sources.SYSTEM, settings);
    }

    @Produces
    @Singleton
    Store store(PlaneConfig config, EdgeConfig edge, Instance<SiteStoreFactory> site, PlaneClock clock) {
        return switch (config.store().kind()) {
            case EDGE ->
                EagerOpen.takeStoreOr(() -> EdgeStore.open(
                        config.dataDir(),
                        edge.settings(config.store().readerThreads(), config.dataDirAccess()),
                        clock,
                        clock::retentionTime));
            case POSTGRES -> site.get().open();
        };
    }

    void close(@Disposes Store store) {
        store.close();
    }

    @Produces
    @Singleton
    Assignments assignments(PlaneConfig config, Store store, Site site) {
        return new Assignments(config.ingest().patients(), store.registry(), site);
    }

    @Produces
    @Singleton
    LatestCache latestValues(PlaneConfig config, Assignments assignments) {
        return new LatestCache(config.live().latestBytes(), assignments);
    }

    @Produces
    @Singleton
    Watchers watchers(PlaneConfig config, Assignments assignments) {
        return new Watchers(config.live().maxWatchReadings(), assignments);
    }

    @Produces
    @Singleton
    ChangePublisher changes(LatestCache latest, Watchers watchers, Site site, Assignments assignments) {
        return new ChangePublisher(latest, watchers, site, assignments);
    }

    @Produces
    @Singleton
    Catalogue catalogue(PlaneConfig config) {
        return CatalogueFile.read(config.catalogue());
    }

    @Produces
    @Singleton
    Ingest ingest(
            PlaneConfig config,
            Catalogue catalogue,
            Store store,
            Assignments assignments,
            ChangePublisher changes,
            IngestEvents events,
            PlaneClock clock) {
        var ingest = config.ingest();
        return new Ingest(
                new BatchScreener(
                        catalogue,
                        ingest.unknownCodes(),
                        ingest.implausible(),
                        ingest.aheadAllowance(),
                        EpochMicros.of(ingest.earliestTime())),
                new RegistrationCheck(ingest.unregistered(), store.registry()),
                new AssignmentCheck(assignments),
                store,
                changes,
                HeapShare.INGEST.or(ingest.maxPendingBytes()),
                events,
                clock,
                clock::mayBeBehind);
    }

    @Produces
    @Singleton
    LatestQuery latestQuery(LatestCache values, Store store, LatestSource source, Site site, Assignments assignments) {
        return new LatestQuery(values, store, source, site, assignments);
    }

    @Produces
    @Singleton
    RangeQuery rangeQuery(Store store, Assignments assignments) {
        return new RangeQuery(store, assignments);
    }

    @Produces
    @Singleton
    AggregateQuery aggregation(Store store, WindowSource source, Catalogue catalogue, Assignments assignments) {
        return new AggregateQuery(store, source, catalogue, assignments);
    }

    @Produces
    @Singleton
    AnswerBudget answerBudget(PlaneConfig config) {
        return new AnswerBudget(HeapShare.ANSWERS.or(config.query().answerMemory()));
    }

    @Produces
    @Singleton
    EndpointLimits limits(PlaneConfig config) {
        return new EndpointLimits(
                config.ingest().maxBatchReadings(),
                config.ingest().maxStreamBytes().asLongValue(),
                new Deadlines(config.query().unaryDeadline(), config.query().maxDeadline()),
                config.clock().allowance());
    }
}
