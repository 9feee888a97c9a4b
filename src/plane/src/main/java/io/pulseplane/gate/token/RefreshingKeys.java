package io.pulseplane.gate.token;

import io.pulseplane.vitals.Problem;
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
    private static final int MAX_WAITING_STRANGERS = 256;

    private static final System.Logger LOG = System.getLogger(RefreshingKeys.class.getName());

    /**
     * What is known, in microseconds of the clock. Clocks are set back now and then, so a time of the last look that lies
     * ahead makes a look due as well.
     *
     * @param keys null before there were any
     * @param failure what the last look ended with; empty if it went well
     */
    private record State(KeySet keys, long lookedUs, long nextLookUs, long goodUntilUs, long goneUs, String failure) {

        boolean isLookDue(long now) {
            return now >= nextLookUs || now < lookedUs;
        }

        boolean isGood(long now) {
            return keys != null && now < goodUntilUs;
        }

        boolean isGone(long now) {
            return keys == null || now >= goneUs;
        }
    }

    private final String name;
    private final KeyLoader loader;
    private final long maxStaleUs;
    private final long retryIntervalUs;
    private final long goodAfterFailureUs;
    private final long unknownKeyIntervalUs;
    private final LongSupplier clock;

    private final AtomicReference<CompletableFuture<Void>> underWay = new AtomicReference<>();
    private final AtomicLong nextForStrangersUs = new AtomicLong(Long.MIN_VALUE);
    private final AtomicInteger waitingStrangers = new AtomicInteger();
    private volatile State state = new State(null, Long.MIN_VALUE, Long.MIN_VALUE, Long.MIN_VALUE, Long.MIN_VALUE, "");

    private volatile boolean closed;

    /**
     * How to go on.
     *
     * @param unknownKeyInterval how often unknown keys may cause a look
     * @param retryInterval when to look again after a failure
     * @param lookTime how long a look may take
     * @param maxStale how long keys hold on when they are no longer good and no look goes well
     */
    record Rules(Duration unknownKeyInterval, Duration retryInterval, Duration lookTime, Duration maxStale) {}

    /** @param name what to call the place in the log */
    RefreshingKeys(String name, KeyLoader loader, Rules rules, LongSupplier clock) {
        this.name = name;
        this.loader = loader;
        this.maxStaleUs = micros(rules.maxStale());
        this.retryIntervalUs = micros(rules.retryInterval());
        this.goodAfterFailureUs = 2 * retryIntervalUs + micros(rules.lookTime());
        this.unknownKeyIntervalUs = micros(rules.unknownKeyInterval());
        this.clock = clock;
    }

    @Override
    public KeySet current(long nowUs) {
        var now = state;
        if (now.isLookDue(nowUs) && underWay.get() == null) {
            look();
        }
        return now.isGood(nowUs) ? now.keys : null;
    }

    @Override
    public CompletionStage<KeySet> confirmed() {
        long now = clock.getAsLong();
        var known = state;
        return known.isGood(now) || !known.isLookDue(now) ? settled() : look().thenCompose(_ -> settled());
    }

    @Override
    public CompletionStage<KeySet> newerThan(KeySet known) {
        if (state.keys != known) {
            return settled();
        }
        if (waitingStrangers.incrementAndGet() > MAX_WAITING_STRANGERS) {
            waitingStrangers.decrementAndGet();
            return settled();
        }
        var look = underWay.get() != null || isStrangersTurn() ? look() : CompletableFuture.<Void>completedFuture(null);
        return look.whenComplete((_, _) -> waitingStrangers.decrementAndGet()).thenCompose(_ -> settled());
    }

    private boolean isStrangersTurn() {
        long now = clock.getAsLong();
        long next = nextForStrangersUs.get();
        boolean clockWasSetBack = next - now > unknownKeyIntervalUs && next != Long.MIN_VALUE;
        return (now >= next || clockWasSetBack) && nextForStrangersUs.compareAndSet(next, now + unknownKeyIntervalUs);
    }

    /** By what is known now, whether a look went well or not. */
    private CompletionStage<KeySet> settled() {
        var known = state;
        return known.isGone(clock.getAsLong())
                ? CompletableFuture.failedFuture(
                        new Problem.Unavailable("the keys that tokens are checked with are not to be had", null))
                : CompletableFuture.completedFuture(known.keys);
    }

    /** Begins a look, or joins the one that is under way. Completes when the state is renewed, and never fails. */
    private CompletableFuture<Void> look() {
        var mine = new CompletableFuture<Void>();
        var other = underWay.compareAndExchange(null, mine);
        if (other != null) {
            return other;
        }
        begin().whenComplete((loaded, failure) -> {
            state = failure == null ? after(loaded) : afterFailure(failure);
            underWay.set(null);
            mine.complete(null);
        });
        return mine;
    }

    private CompletionStage<KeyLoader.Loaded> begin() {
        try {
            return loader.load();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private State after(KeyLoader.Loaded loaded) {
        long now = clock.getAsLong();
        var before = state;
        var keys = loaded.keys();
        if (before.keys != null && before.keys.isSameAs(keys)) {
            // The same object says to all who hold on to it that nothing has changed.
            keys = before.keys;
        } else {
            LOG.log(Level.INFO, "Tokens are checked with {0} keys from {1}", keys.size(), name);
        }
        long goodUntil = now + micros(loaded.goodFor());
        return new State(keys, now, now + micros(loaded.lookAgainIn()), goodUntil, goodUntil + maxStaleUs, "");
    }

    private State afterFailure(Throwable failure) {
        long now = clock.getAsLong();
        var before = state;
        var cause = Problem.unwrap(failure);
        var message =
                Objects.requireNonNullElse(cause.getMessage(), cause.getClass().getSimpleName());
        if (!closed && !message.equals(before.failure)) {
            LOG.log(Level.WARNING, "No keys from {0}: {1}; {2}", name, message, consequence(before, now));
        }
        // Nobody waits for the next try while there are calls to begin it; after a pause, it comes before the answer.
        long goodUntil = Math.min(before.goneUs, now + goodAfterFailureUs);
        return new State(before.keys, now, now + retryIntervalUs, goodUntil, before.goneUs, message);
    }

    private static String consequence(State before, long now) {
        return before.isGone(now) ? "no token is taken" : "the last ones are used on";
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
