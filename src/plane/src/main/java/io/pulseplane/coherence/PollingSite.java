package io.pulseplane.coherence;

import io.pulseplane.store.Site;
import io.pulseplane.vitals.Columns;
import io.vertx.core.Vertx;
import java.time.Duration;

/**
 * A site whose planes tell each other nothing, because they have no Redis. The promise is kept by asking the store more
 * often: what was read from it is trusted for four tenths of the bound, and a decision that was made by it stands for as
 * long again at most.
 */
public final class PollingSite implements Site, AutoCloseable {

    private static final double TRUSTED_SHARE = 0.4;

    private final Vertx vertx;
    private final WindowCache windows;
    private final long startNanos = System.nanoTime();
    private final long trustedNanos;
    private long timer = -1;

    /**
     * @param maxStaleness what was acknowledged longer ago than this is known everywhere
     * @param windows that are remembered here; they hear of what changes here
     */
    public PollingSite(Vertx vertx, Duration maxStaleness, WindowCache windows) {
        this.vertx = vertx;
        this.windows = windows;
        this.trustedNanos = (long) (maxStaleness.toNanos() * TRUSTED_SHARE);
        if (trustedNanos < 1_000_000) {
            throw new IllegalArgumentException("max-staleness: has to be 3 ms at least");
        }
    }

    /** From now on whoever is being answered is asked after again and again: what is remembered may not hold any more. */
    public synchronized void start(RemoteChangeListener told) {
        timer = vertx.setPeriodic(Math.max(1, trustedNanos / 1_000_000), _ -> told.changesMayBeMissing());
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
    public void readingsStored(Columns fresh) {
        windows.invalidateSince(fresh.series(), fresh.firstTime());
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
