package io.pulseplane.api;

import io.grpc.Context;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** When a unary call has to have its answer. */
final class Deadlines {

    private Deadlines() {}

    /** Ends in {@code DeadlineExceeded}, and stops the work, after the time given or at the caller's own deadline. */
    static <T> Uni<T> withDeadline(Uni<T> answer, Duration atMost) {
        var limit = atMost;
        var callers = Context.current().getDeadline();
        if (callers != null) {
            long nanos = Math.max(1, callers.timeRemaining(TimeUnit.NANOSECONDS));
            limit = nanos < limit.toNanos() ? Duration.ofNanos(nanos) : limit;
        }
        return answer.ifNoItem().after(limit).failWith(Deadlines::deadlineExceeded);
    }

    private static PlaneException deadlineExceeded() {
        return new PlaneException.DeadlineExceeded("the deadline was reached before the answer was there");
    }
}
