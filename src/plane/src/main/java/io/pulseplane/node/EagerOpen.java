package io.pulseplane.node;

import io.pulseplane.gate.audit.AuditEvents;
import io.pulseplane.gate.audit.AuditTrail;
import io.pulseplane.node.config.EdgeConfig;
import io.pulseplane.node.config.GateConfig;
import io.pulseplane.node.config.PlaneConfig;
import io.pulseplane.node.config.StartupException;
import io.pulseplane.store.Store;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.EpochMicros;
import io.smallrye.config.SmallRyeConfig;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * For the native executable: an edge store and the audit log are opened on a thread of their own from the moment the
 * configuration is known, while Quarkus goes on with its start. Whoever needs one first waits for it, and is told what is wrong
 * with it as if he had opened it himself.
 */
public final class EagerOpen {

    private static final AtomicReference<FutureTask<Store>> STORE = new AtomicReference<>();
    private static final AtomicReference<FutureTask<OpenTrail>> TRAIL = new AtomicReference<>();

    /** @param events who counts what happens to it, to be told when there is somebody */
    private record OpenTrail(AuditTrail log, CompletableFuture<AuditEvents> events) {}

    private EagerOpen() {}

    public static void start(SmallRyeConfig configuration) {
        var config = configuration.getConfigMapping(PlaneConfig.class);
        if (config.store().kind() == PlaneConfig.StoreKind.EDGE) {
            var edge = configuration.getConfigMapping(EdgeConfig.class);
            var gate = configuration.getConfigMapping(GateConfig.class);
            var store = new FutureTask<Store>(() -> EdgeStore.open(
                    config.dataDir(), edge.settings(config.store().readerThreads()), EpochMicros::now));
            var trail = new FutureTask<>(() -> {
                // It makes sure that the directory is this plane's alone.
                store.get();
                var events = new CompletableFuture<AuditEvents>();
                return new OpenTrail(
                        AuditTrail.open(
                                gate.auditSettings(config.dataDir()),
                                EpochMicros::now,
                                new DeferredAuditEvents(events)),
                        events);
            });
            STORE.set(store);
            TRAIL.set(trail);
            Thread.ofPlatform().name("pulseplane-ahead").daemon().start(() -> {
                store.run();
                trail.run();
            });
        }
    }

    /** The store that is being opened already, or one that is opened now; nobody is given the same one twice. */
    static Store takeStoreOr(Supplier<Store> now) {
        var task = STORE.getAndSet(null);
        return task == null ? now.get() : await(task);
    }

    /** As {@link #takeStoreOr}. */
    static AuditTrail takeAuditTrailOr(AuditEvents events, Supplier<AuditTrail> now) {
        var task = TRAIL.getAndSet(null);
        if (task == null) {
            return now.get();
        }
        var trail = await(task);
        trail.events.complete(events);
        return trail.log;
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

    /** What happens before there is somebody to count it is told when there is. */
    private record DeferredAuditEvents(CompletableFuture<AuditEvents> events) implements AuditEvents {

        @Override
        public void committed(int records, long nanos) {
            events.thenAccept(told -> told.committed(records, nanos));
        }

        @Override
        public void recordRefused() {
            events.thenAccept(AuditEvents::recordRefused);
        }

        @Override
        public void writeFailed() {
            events.thenAccept(AuditEvents::writeFailed);
        }

        @Override
        public void writeRecovered() {
            events.thenAccept(AuditEvents::writeRecovered);
        }
    }
}
