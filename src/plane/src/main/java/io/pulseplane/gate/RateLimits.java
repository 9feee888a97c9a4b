package io.pulseplane.gate;

import io.pulseplane.vitals.PlaneException;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * How often somebody may ask: so many times a second, and as many at once. Whoever could ask as often as anybody is
 * forgotten when room is needed, which forgives nothing. If nobody can be forgotten, newcomers have to wait.
 */
final class RateLimits {

    /** Of whom it is known that they asked. */
    static final int MAX_SUBJECTS = 100_000;

    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long BURST_NANOS = NANOS_PER_SECOND;

    /** Looking at everybody takes a millisecond or so, which not every newcomer may cause. */
    private static final long SWEEP_INTERVAL_NANOS = NANOS_PER_SECOND / 10;

    private final long intervalNanos;
    private final LongSupplier nanoTime;

    /**
     * When the next request would be due if all had come evenly: the generic cell rate algorithm. A plain map, as it is on
     * every request's way: a cache that evicts would cost more than all the rest of the limit.
     */
    private final ConcurrentMap<String, AtomicLong> dueNanos = new ConcurrentHashMap<>();

    private final AtomicLong nextSweepNanos;

    /** @param perSecond how often; without bound when 0 */
    RateLimits(long perSecond, LongSupplier nanos) {
        this.intervalNanos = perSecond == 0 ? 0 : Math.max(1, NANOS_PER_SECOND / perSecond);
        this.nanoTime = nanos;
        this.nextSweepNanos = new AtomicLong(nanos.getAsLong());
    }

    /** Throws {@link PlaneException.ResourceExhausted}, with when to come back, if who asks has asked too often. */
    void acquire(String who) {
        if (intervalNanos == 0) {
            return;
        }
        long now = nanoTime.getAsLong();
        var next = dueNanos.get(who);
        if (next == null) {
            next = addSubject(who, now);
        }
        while (true) {
            long before = next.get();
            // Compared by difference: the clock may start anywhere and wrap.
            long from = before - now > 0 ? before : now;
            long wait = from + intervalNanos - now - BURST_NANOS;
            if (wait > 0) {
                throw tooMany(wait);
            }
            if (next.compareAndSet(before, from + intervalNanos)) {
                return;
            }
        }
    }

    private AtomicLong addSubject(String who, long now) {
        if (dueNanos.size() >= MAX_SUBJECTS) {
            sweep(now);
            if (dueNanos.size() >= MAX_SUBJECTS) {
                throw tooMany(SWEEP_INTERVAL_NANOS);
            }
        }
        return dueNanos.computeIfAbsent(who, _ -> new AtomicLong(now));
    }

    /** Whoever asks at this very moment may be forgotten with it, and so have one request for nothing. */
    private void sweep(long now) {
        long time = nextSweepNanos.get();
        if (time - now <= 0 && nextSweepNanos.compareAndSet(time, now + SWEEP_INTERVAL_NANOS)) {
            dueNanos.values().removeIf(next -> next.get() - now <= 0);
        }
    }

    private static PlaneException.ResourceExhausted tooMany(long wait) {
        return new PlaneException.ResourceExhausted(
                "too many requests; the plane's limit is for each subject", Duration.ofNanos(wait));
    }

    /** Of how many it is known that they asked. */
    int trackedSubjects() {
        return dueNanos.size();
    }
}
