package io.pulseplane.gate;

import io.pulseplane.vitals.PlaneException;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Limits the rate of requests for each subject: a number of requests a second, and a burst of the same number.
 *
 * <p>A subject whose full burst is available again may be forgotten when room is needed, which changes nothing for it.
 * If no subject can be forgotten, new subjects have to wait.
 */
final class RateLimits {

    /** The number of subjects that are tracked. */
    static final int MAX_SUBJECTS = 100_000;

    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long BURST_NANOS = NANOS_PER_SECOND;

    /** A sweep over all subjects takes about a millisecond, so not every new subject may cause one. */
    private static final long SWEEP_INTERVAL_NANOS = NANOS_PER_SECOND / 10;

    private final long intervalNanos;
    private final LongSupplier nanoTime;

    /**
     * For each subject, when the next request would be due if all had come evenly: the generic cell rate algorithm. A
     * plain map, because every request looks here, and a cache with eviction would cost more than the rest of the
     * limit.
     */
    private final ConcurrentMap<String, AtomicLong> dueNanos = new ConcurrentHashMap<>();

    private final AtomicLong nextSweepNanos;

    /** @param perSecond the number of requests a second; no limit if 0 */
    RateLimits(long perSecond, LongSupplier nanoTime) {
        this.intervalNanos = perSecond == 0 ? 0 : Math.max(1, NANOS_PER_SECOND / perSecond);
        this.nanoTime = nanoTime;
        this.nextSweepNanos = new AtomicLong(nanoTime.getAsLong());
    }

    /** Throws {@link PlaneException.ResourceExhausted}, with a time to retry after, if the subject is over its rate. */
    void acquire(String subject) {
        if (intervalNanos == 0) {
            return;
        }
        long now = nanoTime.getAsLong();
        var due = dueNanos.get(subject);
        if (due == null) {
            due = addSubject(subject, now);
        }
        while (true) {
            long previous = due.get();
            // Compared by difference: the clock may start anywhere and wrap.
            long start = previous - now > 0 ? previous : now;
            long wait = start + intervalNanos - now - BURST_NANOS;
            if (wait > 0) {
                throw tooMany(wait);
            }
            if (due.compareAndSet(previous, start + intervalNanos)) {
                return;
            }
        }
    }

    private AtomicLong addSubject(String subject, long now) {
        if (dueNanos.size() >= MAX_SUBJECTS) {
            sweep(now);
            if (dueNanos.size() >= MAX_SUBJECTS) {
                throw tooMany(SWEEP_INTERVAL_NANOS);
            }
        }
        return dueNanos.computeIfAbsent(subject, _ -> new AtomicLong(now));
    }

    /**
     * A subject that sends a request during the sweep may be forgotten together with it, so it gets one request free.
     */
    private void sweep(long now) {
        long sweepDue = nextSweepNanos.get();
        if (sweepDue - now <= 0 && nextSweepNanos.compareAndSet(sweepDue, now + SWEEP_INTERVAL_NANOS)) {
            dueNanos.values().removeIf(due -> due.get() - now <= 0);
        }
    }

    private static PlaneException.ResourceExhausted tooMany(long wait) {
        return new PlaneException.ResourceExhausted(
                "too many requests; the plane's limit is for each subject", Duration.ofNanos(wait));
    }

    int trackedSubjects() {
        return dueNanos.size();
    }
}
