package io.pulseplane.gate;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.pulseplane.vitals.Problem;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * How often somebody may ask: so many times a second, and as many at once. Whoever has not asked for a while is
 * forgotten, which forgives nothing: by then they may ask as often as anybody.
 */
final class RateLimits {

    private static final int MAX_REMEMBERED = 100_000;
    private static final Duration FORGOTTEN_AFTER = Duration.ofMinutes(1);
    private static final long SECOND = 1_000_000_000L;

    private final long interval;
    private final long burst;
    private final LongSupplier nanos;

    /** When the next request would be due if all had come evenly: the generic cell rate algorithm. */
    private final Cache<String, AtomicLong> due = Caffeine.newBuilder()
            .maximumSize(MAX_REMEMBERED)
            .expireAfterAccess(FORGOTTEN_AFTER)
            .build();

    /** @param perSecond how often; without bound when 0 */
    RateLimits(long perSecond, LongSupplier nanos) {
        this.interval = perSecond == 0 ? 0 : Math.max(1, SECOND / perSecond);
        this.burst = SECOND;
        this.nanos = nanos;
    }

    /** Throws {@link Problem.Exhausted}, with when to come back, if who asks has asked too often. */
    void take(String who) {
        if (interval == 0) {
            return;
        }
        long now = nanos.getAsLong();
        var next = due.get(who, _ -> new AtomicLong(now));
        while (true) {
            long before = next.get();
            // Compared by difference: the clock may start anywhere and wrap.
            long from = before - now > 0 ? before : now;
            long wait = from + interval - now - burst;
            if (wait > 0) {
                throw new Problem.Exhausted(
                        "too many requests; the plane's limit is for each subject", Duration.ofNanos(wait));
            }
            if (next.compareAndSet(before, from + interval)) {
                return;
            }
        }
    }
}
