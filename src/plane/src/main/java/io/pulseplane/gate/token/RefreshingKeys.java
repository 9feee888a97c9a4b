package io.pulseplane.gate.token;

import io.pulseplane.vitals.PlaneException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/**
 * Keys that are loaded again and again, because their source may change. There is no background thread. A call that
 * finds that a load is due begins it, and no call waits for it while the keys are fresh. If there were no calls for so
 * long that the keys are no longer fresh, the next calls wait together for one load.
 *
 * <p>If a load fails, the last keys are used for a limited time, and the load is tried again at intervals. After that
 * time, and before the first successful load, no token is accepted.
 */
final class RefreshingKeys implements KeySource {

    /** How many tokens with unknown keys may wait for a load. Further ones are checked with the current keys. */
    private static final int MAX_WAITING_UNKNOWN_KEYS = 256;

    private static final System.Logger LOG = System.getLogger(RefreshingKeys.class.getName());

    /**
     * The keys and their times, in microseconds of the clock. A clock may be set back, so a load is also due if the
     * last one lies in the future.
     *
     * @param keys null before the first successful load
     * @param failure why the last load failed; empty if it did not
     */
    private record State(
            KeySet keys, long refreshedUs, long nextRefreshUs, long freshUntilUs, long expiresUs, String failure) {

        boolean isRefreshDue(long now) {
            return now >= nextRefreshUs || now < refreshedUs;
        }

        boolean isFresh(long now) {
            return keys != null && now < freshUntilUs;
        }

        boolean isExpired(long now) {
            return keys == null || now >= expiresUs;
        }
    }

    private final String source;
    private final KeyLoader loader;
    private final long maxStaleUs;
    private final long retryIntervalUs;
    private final long ttlAfterFailureUs;
    private final long unknownKeyIntervalUs;
    private final LongSupplier clock;

    private final AtomicReference<CompletableFuture<Void>> pendingRefresh = new AtomicReference<>();
    private final AtomicLong nextUnknownKeyRefreshUs = new AtomicLong(Long.MIN_VALUE);
    private final AtomicInteger waitingUnknownKeys = new AtomicInteger();
    private volatile State state = new State(null, Long.MIN_VALUE, Long.MIN_VALUE, Long.MIN_VALUE, Long.MIN_VALUE, "");

    private volatile boolean closed;

    /**
     * Intervals and bounds of the loads.
     *
     * @param unknownKeyInterval how often unknown keys may cause a load
     * @param retryInterval when to load again after a failure
     * @param timeout how long a load may take
     * @param maxStale how long keys are used beyond their time to live while loads fail
     */
    record Timing(Duration unknownKeyInterval, Duration retryInterval, Duration timeout, Duration maxStale) {}

    /** @param source the name of the source in the log */
    RefreshingKeys(String source, KeyLoader loader, Timing timing, LongSupplier clock) {
        this.source = source;
        this.loader = loader;
        this.maxStaleUs = micros(timing.maxStale());
        this.retryIntervalUs = micros(timing.retryInterval());
        this.ttlAfterFailureUs = 2 * retryIntervalUs + micros(timing.timeout());
        this.unknownKeyIntervalUs = micros(timing.unknownKeyInterval());
        this.clock = clock;
    }

    @Override
    public KeySet current(long nowUs) {
        var current = state;
        if (current.isRefreshDue(nowUs) && pendingRefresh.get() == null) {
            // It never fails, and its result is read from the state.
            var _ = refresh();
        }
        return current.isFresh(nowUs) ? current.keys : null;
    }

    @Override
    public CompletionStage<KeySet> refreshIfDue() {
        long now = clock.getAsLong();
        var current = state;
        return current.isFresh(now) || !current.isRefreshDue(now)
                ? keysOrFail()
                : refresh().thenCompose(_ -> keysOrFail());
    }

    @Override
    public CompletionStage<KeySet> refreshBeyond(KeySet current) {
        if (state.keys != current) {
            return keysOrFail();
        }
        if (waitingUnknownKeys.incrementAndGet() > MAX_WAITING_UNKNOWN_KEYS) {
            waitingUnknownKeys.decrementAndGet();
            return keysOrFail();
        }
        var load = pendingRefresh.get() != null || mayRefreshForUnknownKey()
                ? refresh()
                : CompletableFuture.<Void>completedFuture(null);
        return load.whenComplete((_, _) -> waitingUnknownKeys.decrementAndGet()).thenCompose(_ -> keysOrFail());
    }

    private boolean mayRefreshForUnknownKey() {
        long now = clock.getAsLong();
        long next = nextUnknownKeyRefreshUs.get();
        boolean clockWasSetBack = next - now > unknownKeyIntervalUs && next != Long.MIN_VALUE;
        return (now >= next || clockWasSetBack)
                && nextUnknownKeyRefreshUs.compareAndSet(next, now + unknownKeyIntervalUs);
    }

    /** Returns the current keys, and fails if there are none or if they have expired. */
    private CompletionStage<KeySet> keysOrFail() {
        var current = state;
        return current.isExpired(clock.getAsLong())
                ? CompletableFuture.failedFuture(
                        new PlaneException.Unavailable("the keys that tokens are checked with are not available", null))
                : CompletableFuture.completedFuture(current.keys);
    }

    /** Begins a load, or joins the one under way. Completes when the state is set, and never fails. */
    private CompletableFuture<Void> refresh() {
        var mine = new CompletableFuture<Void>();
        var other = pendingRefresh.compareAndExchange(null, mine);
        if (other != null) {
            return other;
        }
        load().whenComplete((loaded, failure) -> {
            state = failure == null ? afterSuccess(loaded) : afterFailure(failure);
            pendingRefresh.set(null);
            mine.complete(null);
        });
        return mine;
    }

    private CompletionStage<KeyLoader.LoadResult> load() {
        try {
            return loader.load();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private State afterSuccess(KeyLoader.LoadResult loaded) {
        long now = clock.getAsLong();
        var previous = state;
        var keys = loaded.keys();
        if (previous.keys != null && previous.keys.isSameAs(keys)) {
            // The same object, so that whoever compares by identity sees that nothing has changed.
            keys = previous.keys;
        } else {
            LOG.log(Level.INFO, "Tokens are checked with {0} keys from {1}", keys.size(), source);
        }
        long freshUntil = now + micros(loaded.ttl());
        return new State(keys, now, now + micros(loaded.refreshAfter()), freshUntil, freshUntil + maxStaleUs, "");
    }

    private State afterFailure(Throwable failure) {
        long now = clock.getAsLong();
        var previous = state;
        var cause = PlaneException.unwrap(failure);
        var message =
                Objects.requireNonNullElse(cause.getMessage(), cause.getClass().getSimpleName());
        if (!closed && !message.equals(previous.failure)) {
            LOG.log(Level.WARNING, "No keys from {0}: {1}; {2}", source, message, consequence(previous, now));
        }
        // While calls come in, none waits for the next try. After a pause without calls, the next one does.
        long freshUntil = Math.min(previous.expiresUs, now + ttlAfterFailureUs);
        return new State(previous.keys, now, now + retryIntervalUs, freshUntil, previous.expiresUs, message);
    }

    private static String consequence(State previous, long now) {
        return previous.isExpired(now) ? "no token is accepted" : "the last keys are still used";
    }

    private static long micros(Duration duration) {
        return TimeUnit.SECONDS.toMicros(duration.getSeconds()) + TimeUnit.NANOSECONDS.toMicros(duration.getNano());
    }

    @Override
    public void close() {
        closed = true;
        loader.close();
    }
}
