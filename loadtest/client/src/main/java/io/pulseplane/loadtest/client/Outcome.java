package io.pulseplane.loadtest.client;

import io.grpc.Status;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;

/**
 * What became of calls.
 *
 * @param answered how many ended well
 * @param seconds in which they did
 * @param latencies of those that ended well, in nanoseconds
 * @param failures the others, by status
 * @param notSent how many were due and not sent, as too many were under way
 */
record Outcome(long answered, double seconds, Histogram latencies, Map<Status.Code, Long> failures, long notSent) {

    private static final double MILLI = 1e6;

    /** Of everything that gets an answer within minutes, to three digits. */
    static Histogram newHistogram() {
        return new Histogram(600_000_000_000L, 3);
    }

    double perSecond() {
        return answered / seconds;
    }

    double millis(double percentile) {
        return latencies.getValueAtPercentile(percentile) / MILLI;
    }

    double maxMillis() {
        return latencies.getMaxValue() / MILLI;
    }

    long failed() {
        return failures.values().stream().mapToLong(Long::longValue).sum();
    }

    String failuresText() {
        return failures.isEmpty()
                ? "-"
                : new TreeMap<>(failures)
                        .entrySet().stream()
                                .map(entry -> entry.getValue() + " " + entry.getKey())
                                .collect(Collectors.joining(", "));
    }

    /** Whether the service keeps what it promises its users. */
    boolean meetsLatencyObjective() {
        return answered > 0
                && millis(50) <= LatencyObjective.P50_MILLIS
                && millis(99) <= LatencyObjective.P99_MILLIS
                && millis(99.9) <= LatencyObjective.P999_MILLIS;
    }
}
