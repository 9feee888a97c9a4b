package io.pulseplane.store.edge.sqlite;

import io.pulseplane.vitals.PlaneException;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;

/**
 * The pause before a disk that fails is tried again. The first attempt after a failure is made at once. Each further
 * failure in a row doubles the pause, from {@value #FIRST_MILLIS} ms to {@value #LAST_MILLIS} ms.
 */
final class RetryPause {

    private static final long FIRST_MILLIS = 10;
    private static final long LAST_MILLIS = 1_000;

    private long pauseMillis;
    private long failedAt;

    /** @throws PlaneException.Unavailable if the pause is not over */
    void requireOver() {
        if (pauseMillis > 0 && System.nanoTime() - failedAt < TimeUnit.MILLISECONDS.toNanos(pauseMillis)) {
            throw new PlaneException.Unavailable(
                    "the plane's disk did not answer a moment ago, and is tried again soon; nothing was stored", null);
        }
    }

    /** Only a disk that fails is given a pause: not one that is full, which answers at once. */
    void onFailure(Throwable failure) {
        if (failure instanceof SQLException sql && SqliteErrors.isDiskFailure(sql)) {
            // The first failure counts, and does not pause: it may have been the only one.
            pauseMillis = failedAt == 0 ? 0 : Math.clamp(2 * pauseMillis, FIRST_MILLIS, LAST_MILLIS);
            failedAt = System.nanoTime() | 1;
        }
    }

    void onSuccess() {
        pauseMillis = 0;
        failedAt = 0;
    }
}
