package io.pulseplane.api;

import io.grpc.Context;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Applies deadlines to unary calls. */
final class Deadlines {

    private Deadlines() {}

    /** Fails with {@code DeadlineExceeded}, and stops the work, after the timeout or at the caller's own deadline. */
    static <T> Uni<T> withDeadline(Uni<T> answer, Duration timeout) {
        var limit = timeout;
        var callerDeadline = Context.current().getDeadline();
        if (callerDeadline != null) {
            long nanos = Math.max(1, callerDeadline.timeRemaining(TimeUnit.NANOSECONDS));
            limit = nanos < limit.toNanos() ? Duration.ofNanos(nanos) : limit;
        }
        return answer.ifNoItem().after(limit).failWith(Deadlines::deadlineExceeded);
    }

    private static PlaneException deadlineExceeded() {
        return new PlaneException.DeadlineExceeded("the deadline passed before the answer was complete");
    }
}
