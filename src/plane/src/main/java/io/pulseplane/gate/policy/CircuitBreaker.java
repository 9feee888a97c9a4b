package io.pulseplane.gate.policy;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Stops asking one who does not answer: after a number of failures in a row nobody asks for a while, then one tries, and
 * all do again when that one is answered.
 *
 * <p>These few lines and not SmallRye Fault Tolerance: outside of CDI that finds itself by the service loader, which
 * Quarkus turns off in native programs, and inside it would be paid for at every start, by planes too that ask no server.
 */
final class CircuitBreaker {

    private final int maxFailures;
    private final long pauseNanos;
    private final LongSupplier nanoTime;

    private int failures;
    private long openedAt;
    private boolean trying;

    CircuitBreaker(int maxFailures, Duration pause, LongSupplier nanoTime) {
        this.maxFailures = maxFailures;
        this.pauseNanos = pause.toNanos();
        this.nanoTime = nanoTime;
    }

    /** Whether one may ask now. Who may, says how it went. */
    synchronized boolean tryEnter() {
        if (failures < maxFailures) {
            return true;
        }
        if (trying || nanoTime.getAsLong() - openedAt < pauseNanos) {
            return false;
        }
        trying = true;
        return true;
    }

    synchronized void succeeded() {
        failures = 0;
        trying = false;
    }

    /** @return whether this is the failure that stops the asking */
    synchronized boolean failed() {
        failures = Math.min(maxFailures, failures + 1);
        var opens = failures == maxFailures;
        if (opens) {
            openedAt = nanoTime.getAsLong();
        }
        trying = false;
        return opens;
    }
}
