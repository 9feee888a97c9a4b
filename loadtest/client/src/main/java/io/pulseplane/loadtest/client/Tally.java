package io.pulseplane.loadtest.client;

import io.grpc.Status;
import java.util.EnumMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * Counts answers and failures of calls from a time on. Used by the connections' event loop, and by its reader after
 * that.
 */
final class Tally {

    private final long from;
    private final Map<Status.Code, Long> failures = new EnumMap<>(Status.Code.class);
    private final Histogram latencies = Outcome.newHistogram();
    private long answered;

    /** @param from the {@link System#nanoTime} before which calls are not counted */
    Tally(long from) {
        this.from = from;
    }

    /** Counts a response that has this number of answers, to a request that was due at this {@link System#nanoTime}. */
    void answered(long due, long answers) {
        long now = System.nanoTime();
        if (now - from >= 0) {
            answered += answers;
            latencies.recordValue(Math.min(Math.max(0, now - due), latencies.getHighestTrackableValue()));
        }
    }

    void failed(Status.Code code) {
        if (System.nanoTime() - from >= 0) {
            failures.merge(code, 1L, Long::sum);
        }
    }

    Outcome outcome(double seconds, long notSent) {
        return new Outcome(answered, seconds, latencies, failures, notSent);
    }
}
