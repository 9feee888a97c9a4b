package io.pulseplane.loadtest.client;

/** The latency that the service promises. */
final class LatencyObjective {

    static final double P50_MILLIS = 50;
    static final double P99_MILLIS = 100;
    static final double P999_MILLIS = 200;

    private LatencyObjective() {}
}
