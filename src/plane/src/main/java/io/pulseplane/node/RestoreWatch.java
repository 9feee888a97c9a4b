package io.pulseplane.node;

import io.pulseplane.coherence.RedisSite;
import io.pulseplane.coherence.WindowCache;
import io.pulseplane.gate.Gate;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.node.config.GateConfig;
import io.pulseplane.node.config.PlaneConfig;
import io.pulseplane.store.Consent;
import io.pulseplane.store.Site;
import io.pulseplane.store.postgres.PostgresStore;
import io.pulseplane.store.postgres.RestoreDetector;
import io.pulseplane.store.privacy.PrivacyJournal;
import io.pulseplane.vitals.PlaneException;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/**
 * Watches every second whether the database of the site went back to an earlier state, or may have, because its server
 * was started. Then the plane forgets what it remembers, and applies the erasures and changes of consent again that it
 * recorded itself. It does the latter at each start of its own, too: the database may have been put back while the
 * plane was down.
 */
@Singleton
final class RestoreWatch {

    private static final Logger LOG = Logger.getLogger(RestoreWatch.class);

    private static final long INTERVAL_MILLIS = 1_000;

    private final GateConfig config;
    private final PlaneConfig plane;
    private final Instance<SiteStoreFactory> stores;
    private final Gate gate;
    private final ChangePublisher changes;
    private final WindowCache windows;
    private final Site site;
    private final Vertx vertx;

    private final AtomicBoolean isChecking = new AtomicBoolean();

    /** Whether decisions are to be applied again; they are until the database has answered. */
    private volatile boolean isReapplyDue = true;

    RestoreWatch(
            GateConfig config,
            PlaneConfig plane,
            Instance<SiteStoreFactory> stores,
            Gate gate,
            ChangePublisher changes,
            WindowCache windows,
            Site site,
            Vertx vertx) {
        this.config = config;
        this.plane = plane;
        this.stores = stores;
        this.gate = gate;
        this.changes = changes;
        this.windows = windows;
        this.site = site;
        this.vertx = vertx;
    }

    void onStart(@Observes StartupEvent event) {
        if (plane.store().kind() == PlaneConfig.StoreKind.POSTGRES) {
            var factory = stores.get();
            var detector = factory.postgres().restoreDetector(config.nodeId());
            vertx.setPeriodic(INTERVAL_MILLIS, _ -> check(detector, factory));
        }
    }

    private void check(RestoreDetector detector, SiteStoreFactory factory) {
        if (!isChecking.compareAndSet(false, true)) {
            return;
        }
        detector.check()
                .chain(finding -> {
                    if (finding != RestoreDetector.Finding.NOTHING_LOST) {
                        forget(factory.postgres(), finding);
                    }
                    return isReapplyDue ? reapply(factory) : Uni.createFrom().voidItem();
                })
                .onTermination()
                .invoke(() -> isChecking.set(false))
                .subscribe()
                .with(_ -> {}, failure -> LOG.debug("The database could not be checked", failure));
    }

    private void forget(PostgresStore store, RestoreDetector.Finding finding) {
        if (finding == RestoreDetector.Finding.WENT_BACK) {
            LOG.warn("The database went back to an earlier state: the plane forgets what it remembers, and applies"
                    + " again the erasures and changes of consent that it recorded");
        } else {
            LOG.info("The database was started, and may lack the last commits: the plane forgets what it remembers");
        }
        isReapplyDue = true;
        store.forgetRows();
        if (site instanceof RedisSite redis) {
            redis.distrustReads();
        }
        windows.clear();
        changes.storeWentBack();
        gate.onStoreWentBack();
    }

    private Uni<Void> reapply(SiteStoreFactory factory) {
        return factory.journal()
                .map(journal -> reapply(journal, factory.postgres()))
                .orElseGet(() -> Uni.createFrom().voidItem())
                .invoke(() -> isReapplyDue = false);
    }

    private Uni<Void> reapply(PrivacyJournal journal, PostgresStore store) {
        return store.reapply(journal.erasures())
                .invoke(erased -> {
                    if (erased > 0) {
                        LOG.warnf("Applied %d erasures again that the database had lost", erased);
                        changes.storeWentBack();
                        gate.onStoreWentBack();
                    }
                })
                .chain(() -> withdrawLost(journal.consentChanges()));
    }

    /**
     * Withdraws the consent of each patient whose last change of consent the database has lost: what it has instead may
     * be more than the patient agreed to.
     */
    private Uni<Void> withdrawLost(Map<String, Long> changesOfConsent) {
        return Multi.createFrom()
                .iterable(changesOfConsent.entrySet())
                .onItem()
                .transformToUniAndConcatenate(change -> withdrawIfLost(change.getKey(), change.getValue()))
                .collect()
                .last()
                .replaceWithVoid();
    }

    private Uni<Void> withdrawIfLost(String patient, long recordedAt) {
        var registry = gate.registry();
        return registry.consent(patient).chain(consent -> {
            if (consent.isEmpty() || !consent.get().granted() || consent.get().recordedAt() >= recordedAt) {
                return Uni.createFrom().voidItem();
            }
            LOG.warn("Withdrew a consent, because the database had lost a later change of it");
            return registry.putConsent(withdrawal(patient, recordedAt))
                    .replaceWithVoid()
                    .onFailure(PlaneException.NotFound.class)
                    .recoverWithNull();
        });
    }

    private Consent withdrawal(String patient, long from) {
        return new Consent(
                0, patient, false, from, OptionalLong.empty(), List.of(), "pulseplane:" + config.nodeId(), from);
    }
}
