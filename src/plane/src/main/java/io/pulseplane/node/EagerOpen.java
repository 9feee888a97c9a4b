package io.pulseplane.node;

import io.pulseplane.clock.PlaneClock;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.gate.audit.writing.AuditEvents;
import io.pulseplane.gate.audit.writing.AuditSettings;
import io.pulseplane.gate.audit.writing.AuditTrail;
import io.pulseplane.node.config.ConfigBounds;
import io.pulseplane.node.config.EdgeConfig;
import io.pulseplane.node.config.GateConfig;
import io.pulseplane.node.config.PlaneConfig;
import io.pulseplane.node.config.StartupException;
import io.pulseplane.store.Store;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.config.SmallRyeConfig;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * Opens an edge store and the audit trail of the native executable on a thread of its own while Quarkus starts. The
 * thread starts as soon as the configuration is read. The first user of the store or the trail waits until it is open,
 * and gets the same exception as if it had opened it itself.
 */
public final class EagerOpen {

    private static final AtomicReference<PlaneClock> CLOCK = new AtomicReference<>();
    private static final AtomicReference<FutureTask<Store>> STORE = new AtomicReference<>();
    private static final AtomicReference<FutureTask<OpenTrail>> TRAIL = new AtomicReference<>();

    /** @param events the listener of the trail, which is complete once the metrics exist */
    private record OpenTrail(AuditTrail trail, CompletableFuture<AuditEvents> events) {}

    private EagerOpen() {}

    public static void start(SmallRyeConfig configuration) {
        ConfigBounds.check(configuration);
        var config = configuration.getConfigMapping(PlaneConfig.class);
        if (config.store().kind() == PlaneConfig.StoreKind.EDGE) {
            var edge = configuration.getConfigMapping(EdgeConfig.class);
            var gate = configuration.getConfigMapping(GateConfig.class);
            var clock = PlaneWiring.openClock(config);
            CLOCK.set(clock);
            var store = new FutureTask<Store>(() -> EdgeStore.open(
                    config.dataDir(),
                    edge.settings(config.store().readerThreads(), config.dataDirAccess()),
                    clock,
                    clock::retentionTime));
            var trail = new FutureTask<>(() -> {
                // The store locks the data directory.
                var opened = store.get();
                var events = new CompletableFuture<AuditEvents>();
                return new OpenTrail(
                        openTrail(
                                opened,
                                gate.auditSettings(config.dataDir(), config.dataDirAccess()),
                                clock,
                                new DeferredAuditEvents(events)),
                        events);
            });
            STORE.set(store);
            TRAIL.set(trail);
            Thread.ofPlatform().name("pulseplane-eager-open").daemon().start(() -> {
                store.run();
                trail.run();
            });
        }
    }

    /** Returns the clock that {@link #start} opened, to the first caller only; otherwise that of the supplier. */
    static PlaneClock takeClockOr(Supplier<PlaneClock> opener) {
        var clock = CLOCK.getAndSet(null);
        return clock == null ? opener.get() : clock;
    }

    /**
     * Returns the store that {@link #start} opens, to the first caller only; otherwise the one that the supplier opens.
     */
    static Store takeStoreOr(Supplier<Store> opener) {
        var task = STORE.getAndSet(null);
        return task == null ? opener.get() : await(task);
    }

    /**
     * Returns the trail that {@link #start} opens, to the first caller only; otherwise the one that the supplier opens.
     */
    static AuditTrail takeAuditTrailOr(AuditEvents events, Supplier<AuditTrail> opener) {
        var task = TRAIL.getAndSet(null);
        if (task == null) {
            return opener.get();
        }
        var openTrail = await(task);
        openTrail.events.complete(events);
        return openTrail.trail;
    }

    /** Opens the trail of the plane. Beside an edge store, it must be the one that belongs to the store. */
    static AuditTrail openTrail(Store store, AuditSettings settings, PlaneClock clock, AuditEvents events) {
        var used = settings;
        if (store instanceof EdgeStore edge && settings.mode() != AuditSettings.Mode.OFF) {
            edge.claimAuditDirectory(settings.directory());
            used = settings.withPatientHash(edge.auditNames()::of);
        }
        var trail = AuditTrail.open(used, clock, clock::retentionTime, events);
        if (store instanceof EdgeStore edge) {
            edge.restoredFrom().ifPresent(backup -> recordRestore(trail, edge, settings.nodeId(), clock, backup));
        }
        return trail;
    }

    /** Says in the trail that the store is an older copy of itself. The plane does not start without that. */
    private static void recordRestore(
            AuditTrail trail, EdgeStore store, String nodeId, PlaneClock clock, String backup) {
        var record = new AuditRecord(
                clock.getAsLong(),
                "pulseplane:" + nodeId,
                "",
                "",
                "restore",
                "",
                "",
                "",
                List.of(),
                Decision.PERMITTED,
                backup,
                "",
                "",
                "");
        try {
            trail.append(record).toCompletableFuture().join();
            store.forgetRestore();
        } catch (CompletionException | PlaneException e) {
            trail.close();
            throw new StartupException("the audit trail does not take the record of the restore: " + e.getMessage());
        }
    }

    private static <T> T await(FutureTask<T> task) {
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartupException("the start was interrupted");
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException failure -> throw failure;
                case Error failure -> throw failure;
                case Throwable other -> throw new IllegalStateException(other);
            }
        }
    }

    /** Passes events on to the listener as soon as it exists. Listeners only count, so no failure is lost here. */
    private record DeferredAuditEvents(CompletableFuture<AuditEvents> listener) implements AuditEvents {

        @Override
        public void committed(int records, long nanos) {
            var _ = listener.thenAccept(events -> events.committed(records, nanos));
        }

        @Override
        public void recordRefused() {
            var _ = listener.thenAccept(AuditEvents::recordRefused);
        }

        @Override
        public void writeFailed() {
            var _ = listener.thenAccept(AuditEvents::writeFailed);
        }

        @Override
        public void writeRecovered() {
            var _ = listener.thenAccept(AuditEvents::writeRecovered);
        }
    }
}
