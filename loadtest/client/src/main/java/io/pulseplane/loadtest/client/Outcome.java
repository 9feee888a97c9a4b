package io.pulseplane.loadtest.client;

import io.grpc.Status;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;

/**
 * The outcome of calls.
 *
 * @param answered number of successful answers
 * @param seconds duration of the measurement
 * @param latencies latencies of successful calls, in nanoseconds
 * @param failures number of failed calls by status
 * @param notSent number of calls that were due and not sent, because too many had no answer
 */
record Outcome(long answered, double seconds, Histogram latencies, Map<Status.Code, Long> failures, long notSent) {

    private static final double MILLI = 1e6;

    /** A histogram for latencies of up to ten minutes, with three digits. */
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

    /** Whether the latencies meet the promise of the service. */
    boolean meetsLatencyObjective() {
        return answered > 0
                && millis(50) <= LatencyObjective.P50_MILLIS
                && millis(99) <= LatencyObjective.P99_MILLIS
                && millis(99.9) <= LatencyObjective.P999_MILLIS;
    }
}
