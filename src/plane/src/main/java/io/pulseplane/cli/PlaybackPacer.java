package io.pulseplane.cli;

import java.util.concurrent.TimeUnit;

/** Lets recorded time pass, faster or slower than it did, from the first time on that it hears of. */
final class PlaybackPacer {

    /** Less than this is not worth waiting for. */
    private static final long MIN_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final double speed;
    private long startedAtNanos;
    private long firstTime;
    private boolean started;

    /** @param speed recorded seconds for each second; infinite for not waiting at all */
    PlaybackPacer(double speed) {
        this.speed = speed;
    }

    /** @param time recorded, in microseconds */
    boolean mustWaitFor(long time) {
        return nanosUntil(time) > MIN_WAIT_NANOS;
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
