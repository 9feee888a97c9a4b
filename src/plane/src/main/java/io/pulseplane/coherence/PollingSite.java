package io.pulseplane.coherence;

import io.pulseplane.store.Site;
import io.pulseplane.vitals.Columns;
import io.vertx.core.Vertx;
import java.time.Duration;

/**
 * A site without Redis, whose planes do not announce changes to each other. It keeps the promise of the site by reading
 * the store more often: data from the store are trusted for four tenths of the bound, and a decision based on them
 * stands for as long again at most.
 */
public final class PollingSite implements Site, AutoCloseable {

    private static final double TRUSTED_SHARE = 0.4;

    private final Vertx vertx;
    private final WindowCache windows;
    private final long startNanos = System.nanoTime();
    private final long trustedNanos;
    private long timer = -1;

    /**
     * @param maxStaleness the bound: every plane knows what was acknowledged longer ago than this
     * @param windows the windows in memory; changes on this plane invalidate them
     */
    public PollingSite(Vertx vertx, Duration maxStaleness, WindowCache windows) {
        this.vertx = vertx;
        this.windows = windows;
        this.trustedNanos = (long) (maxStaleness.toNanos() * TRUSTED_SHARE);
        if (trustedNanos < 1_000_000) {
            throw new IllegalArgumentException("max-staleness: must be at least 3 ms");
        }
    }

    /** Begins to tell the listener, at regular intervals, that changes of other planes may be missing. */
    public synchronized void start(RemoteChangeListener listener) {
        timer = vertx.setPeriodic(Math.max(1, trustedNanos / 1_000_000), _ -> listener.changesMayBeMissing());
    }

    @Override
    public boolean isShared() {
        return true;
    }

    @Override
    public long now() {
        return System.nanoTime() - startNanos;
    }

    @Override
    public boolean isFresh(long asOf) {
        return now() - asOf <= trustedNanos;
    }

    @Override
    public long epoch() {
        return now() / trustedNanos;
    }

    @Override
    public void readingsStored(Columns stored) {
        windows.invalidateSince(stored.series(), stored.firstTime());
    }

    @Override
    public void consentChanged(String patient) {
        windows.evictPatient(patient);
    }

    @Override
    public void deviceChanged(String device) {}

    @Override
    public synchronized void close() {
        vertx.cancelTimer(timer);
    }
}
