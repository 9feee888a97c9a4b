package io.pulseplane.cli;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Waits until it is time to send a recorded reading. Recorded time starts with the first reading and may run faster.
 */
final class PlaybackPacer {

    /** A shorter wait costs more than it achieves. */
    private static final long MIN_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final double speed;
    private long startedAtNanos;
    private long firstTime;
    private boolean started;

    /** @param speed recorded seconds for each second; infinite for no wait at all */
    PlaybackPacer(double speed) {
        this.speed = speed;
    }

    /** @param time the recorded time, in microseconds */
    boolean mustWaitFor(long time) {
        return nanosUntil(time) > MIN_WAIT_NANOS;
    }

    /** How long it is until the reading of this time is due; not negative. */
    Duration timeUntil(long time) {
        return Duration.ofNanos(Math.max(0, nanosUntil(time)));
    }

    void waitFor(long time) throws InterruptedException {
        long nanos = nanosUntil(time);
        if (nanos > 0) {
            TimeUnit.NANOSECONDS.sleep(nanos);
        }
    }

    private long nanosUntil(long time) {
        if (!started) {
            started = true;
            startedAtNanos = System.nanoTime();
            firstTime = time;
        }
        long due = (long) ((time - firstTime) / speed * 1_000);
        return startedAtNanos + due - System.nanoTime();
    }
}
