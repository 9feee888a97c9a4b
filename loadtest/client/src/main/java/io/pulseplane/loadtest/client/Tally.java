package io.pulseplane.loadtest.client;

import io.grpc.Status;
import java.util.EnumMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Counts what becomes of calls, from a time on. Belongs to the event loop of its connections, and to its reader after that. */
final class Tally {

    private final long from;
    private final Map<Status.Code, Long> failures = new EnumMap<>(Status.Code.class);
    private final Histogram latencies = Outcome.newHistogram();
    private long answered;

    /** @param from nothing that ends before this is counted, by {@link System#nanoTime} */
    Tally(long from) {
        this.from = from;
    }

    /** So many answers came at once, to what was due then. */
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

    Outcome outcome(double seconds, long held) {
        return new Outcome(answered, seconds, latencies, failures, held);
    }
}
