package io.pulseplane.gate;

import io.pulseplane.vitals.Problem;
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
    static final int MAX_REMEMBERED = 100_000;

    private static final long SECOND = 1_000_000_000L;
    private static final long BURST = SECOND;

    /** Looking at everybody takes a millisecond or so, which not every newcomer may cause. */
    private static final long SWEEP_INTERVAL = SECOND / 10;

    private final long interval;
    private final LongSupplier nanos;

    /**
     * When the next request would be due if all had come evenly: the generic cell rate algorithm. A plain map, as it is on
     * every request's way: a cache that evicts would cost more than all the rest of the limit.
     */
    private final ConcurrentMap<String, AtomicLong> due = new ConcurrentHashMap<>();

    private final AtomicLong nextSweep;

    /** @param perSecond how often; without bound when 0 */
    RateLimits(long perSecond, LongSupplier nanos) {
        this.interval = perSecond == 0 ? 0 : Math.max(1, SECOND / perSecond);
        this.nanos = nanos;
        this.nextSweep = new AtomicLong(nanos.getAsLong());
    }

    /** Throws {@link Problem.Exhausted}, with when to come back, if who asks has asked too often. */
    void take(String who) {
        if (interval == 0) {
            return;
        }
        long now = nanos.getAsLong();
        var next = due.get(who);
        if (next == null) {
            next = newcomer(who, now);
        }
        while (true) {
            long before = next.get();
            // Compared by difference: the clock may start anywhere and wrap.
            long from = before - now > 0 ? before : now;
            long wait = from + interval - now - BURST;
            if (wait > 0) {
                throw tooMany(wait);
            }
            if (next.compareAndSet(before, from + interval)) {
                return;
            }
        }
    }

    private AtomicLong newcomer(String who, long now) {
        if (due.size() >= MAX_REMEMBERED) {
            sweep(now);
            if (due.size() >= MAX_REMEMBERED) {
                throw tooMany(SWEEP_INTERVAL);
            }
        }
        return due.computeIfAbsent(who, _ -> new AtomicLong(now));
    }

    /** Whoever asks at this very moment may be forgotten with it, and so have one request for nothing. */
    private void sweep(long now) {
        long time = nextSweep.get();
        if (time - now <= 0 && nextSweep.compareAndSet(time, now + SWEEP_INTERVAL)) {
            due.values().removeIf(next -> next.get() - now <= 0);
        }
    }

    private static Problem.Exhausted tooMany(long wait) {
        return new Problem.Exhausted(
                "too many requests; the plane's limit is for each subject", Duration.ofNanos(wait));
    }

    /** Of how many it is known that they asked. */
    int remembered() {
        return due.size();
    }
}
