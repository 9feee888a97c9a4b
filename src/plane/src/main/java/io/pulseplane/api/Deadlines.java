package io.pulseplane.api;

import io.grpc.Context;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Applies deadlines to unary calls. */
final class Deadlines {

    /** Vert.x has no shorter timers; a deadline that is nearer counts as passed. */
    private static final long SHORTEST_TIMER_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private Deadlines() {}

    /** Fails with {@code DeadlineExceeded}, and stops the work, after the timeout or at the caller's own deadline. */
    static <T> Uni<T> withDeadline(Uni<T> answer, Duration timeout) {
        var limit = timeout;
        var callerDeadline = Context.current().getDeadline();
        if (callerDeadline != null) {
            long nanos = callerDeadline.timeRemaining(TimeUnit.NANOSECONDS);
            if (nanos < SHORTEST_TIMER_NANOS) {
                return Uni.createFrom().failure(Deadlines::deadlineExceeded);
            }
            limit = nanos < limit.toNanos() ? Duration.ofNanos(nanos) : limit;
        }
        return answer.ifNoItem().after(limit).failWith(Deadlines::deadlineExceeded);
    }

    private static PlaneException deadlineExceeded() {
        return new PlaneException.DeadlineExceeded("the deadline passed before the answer was complete");
    }
}
