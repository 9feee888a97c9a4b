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
 * Keys that change where they come from. There is no thread that looks after them: calls find out that a look is due,
 * one of them begins it, and none waits for it while the keys at hand are still good. If nobody called for so long that
 * they are not, the next callers wait for one look together.
 *
 * <p>If a look fails, the last keys hold on for the time given, and it is tried again at intervals. After that, and
 * before there ever were keys, the answer is no.
 */
final class RefreshingKeys implements KeySource {

    /** Tokens with unknown keys that may wait for a look together; others are judged by the keys at hand. */
    private static final int MAX_WAITING_UNKNOWN_KEYS = 256;

    private static final System.Logger LOG = System.getLogger(RefreshingKeys.class.getName());

    /**
     * What is known, in microseconds of the clock. Clocks are set back now and then, so a time of the last look that lies
     * ahead makes a look due as well.
     *
     * @param keys null before there were any
     * @param failure what the last look ended with; empty if it went well
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
     * How to go on.
     *
     * @param unknownKeyInterval how often unknown keys may cause a look
     * @param retryInterval when to look again after a failure
     * @param timeout how long a look may take
     * @param maxStale how long keys hold on when they are no longer good and no look goes well
     */
    record Timing(Duration unknownKeyInterval, Duration retryInterval, Duration timeout, Duration maxStale) {}

    /** @param name what to call the place in the log */
    RefreshingKeys(String name, KeyLoader loader, Timing rules, LongSupplier clock) {
        this.source = name;
        this.loader = loader;
        this.maxStaleUs = micros(rules.maxStale());
        this.retryIntervalUs = micros(rules.retryInterval());
        this.ttlAfterFailureUs = 2 * retryIntervalUs + micros(rules.timeout());
        this.unknownKeyIntervalUs = micros(rules.unknownKeyInterval());
        this.clock = clock;
    }

    @Override
    public KeySet current(long nowUs) {
        var now = state;
        if (now.isRefreshDue(nowUs) && pendingRefresh.get() == null) {
            refresh();
        }
        return now.isFresh(nowUs) ? now.keys : null;
    }

    @Override
    public CompletionStage<KeySet> refreshIfDue() {
        long now = clock.getAsLong();
        var known = state;
        return known.isFresh(now) || !known.isRefreshDue(now)
                ? keysOrFail()
                : refresh().thenCompose(_ -> keysOrFail());
    }

    @Override
    public CompletionStage<KeySet> refreshBeyond(KeySet known) {
        if (state.keys != known) {
            return keysOrFail();
        }
        if (waitingUnknownKeys.incrementAndGet() > MAX_WAITING_UNKNOWN_KEYS) {
            waitingUnknownKeys.decrementAndGet();
            return keysOrFail();
        }
        var look = pendingRefresh.get() != null || mayRefreshForUnknownKey()
                ? refresh()
                : CompletableFuture.<Void>completedFuture(null);
        return look.whenComplete((_, _) -> waitingUnknownKeys.decrementAndGet()).thenCompose(_ -> keysOrFail());
    }

    private boolean mayRefreshForUnknownKey() {
        long now = clock.getAsLong();
        long next = nextUnknownKeyRefreshUs.get();
        boolean clockWasSetBack = next - now > unknownKeyIntervalUs && next != Long.MIN_VALUE;
        return (now >= next || clockWasSetBack)
                && nextUnknownKeyRefreshUs.compareAndSet(next, now + unknownKeyIntervalUs);
    }

    /** By what is known now, whether a look went well or not. */
    private CompletionStage<KeySet> keysOrFail() {
        var known = state;
        return known.isExpired(clock.getAsLong())
                ? CompletableFuture.failedFuture(
                        new PlaneException.Unavailable("the keys that tokens are checked with are not to be had", null))
                : CompletableFuture.completedFuture(known.keys);
    }

    /** Begins a look, or joins the one that is under way. Completes when the state is renewed, and never fails. */
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
        var before = state;
        var keys = loaded.keys();
        if (before.keys != null && before.keys.isSameAs(keys)) {
            // The same object says to all who hold on to it that nothing has changed.
            keys = before.keys;
        } else {
            LOG.log(Level.INFO, "Tokens are checked with {0} keys from {1}", keys.size(), source);
        }
        long goodUntil = now + micros(loaded.ttl());
        return new State(keys, now, now + micros(loaded.refreshAfter()), goodUntil, goodUntil + maxStaleUs, "");
    }

    private State afterFailure(Throwable failure) {
        long now = clock.getAsLong();
        var before = state;
        var cause = PlaneException.unwrap(failure);
        var message =
                Objects.requireNonNullElse(cause.getMessage(), cause.getClass().getSimpleName());
        if (!closed && !message.equals(before.failure)) {
            LOG.log(Level.WARNING, "No keys from {0}: {1}; {2}", source, message, consequence(before, now));
        }
        // Nobody waits for the next try while there are calls to begin it; after a pause, it comes before the answer.
        long goodUntil = Math.min(before.expiresUs, now + ttlAfterFailureUs);
        return new State(before.keys, now, now + retryIntervalUs, goodUntil, before.expiresUs, message);
    }

    private static String consequence(State before, long now) {
        return before.isExpired(now) ? "no token is taken" : "the last ones are used on";
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
