package io.pulseplane.api;

import io.grpc.Context;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How long queries with a single answer may take. A caller that names a deadline of its own gets that, up to a bound.
 *
 * @param usual for callers that name no deadline
 * @param longest the bound on the deadlines that callers name; at least the usual one
 */
public record Deadlines(Duration usual, Duration longest) {

    /** Vert.x has no shorter timers; a deadline that is nearer counts as passed. */
    private static final long SHORTEST_TIMER_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    public Deadlines {
        longest = longest.compareTo(usual) < 0 ? usual : longest;
    }

    /** Fails with {@code DeadlineExceeded}, and stops the work, at the deadline of the call. */
    <T> Uni<T> limit(Uni<T> answer) {
        var called = Context.current().getDeadline();
        if (called == null) {
            return limit(answer, usual, usualPassed());
        }
        long nanos = called.timeRemaining(TimeUnit.NANOSECONDS);
        return nanos > longest.toNanos()
                ? limit(answer, longest, "the plane's longest deadline of " + millis(longest) + " passed; ask for less")
                : limitToCall(answer, nanos);
    }

    /** The same for one answer of many on a stream, whose deadline is for all of them. */
    <T> Uni<T> limitOnStream(Uni<T> answer) {
        var called = Context.current().getDeadline();
        long nanos = called == null ? Long.MAX_VALUE : called.timeRemaining(TimeUnit.NANOSECONDS);
        return nanos > usual.toNanos() ? limit(answer, usual, usualPassed()) : limitToCall(answer, nanos);
    }

    private static <T> Uni<T> limitToCall(Uni<T> answer, long nanos) {
        var message = "the deadline of the call passed before the answer was complete";
        return nanos < SHORTEST_TIMER_NANOS
                ? Uni.createFrom().failure(() -> new PlaneException.DeadlineExceeded(message))
                : limit(answer, Duration.ofNanos(nanos), message);
    }

    private static <T> Uni<T> limit(Uni<T> answer, Duration limit, String message) {
        return answer.ifNoItem().after(limit).failWith(() -> new PlaneException.DeadlineExceeded(message));
    }

    private String usualPassed() {
        return "the plane's deadline of " + millis(usual) + " for calls without one of their own passed; a call may "
                + "set one of up to " + millis(longest);
    }

    private static String millis(Duration duration) {
        return duration.toMillis() + " ms";
    }
}
