package io.pulseplane.cli;

import java.util.concurrent.TimeUnit;

/** Lets recorded time pass, faster or slower than it did, from the first time on that it hears of. */
final class Pace {

    /** Less than this is not worth waiting for. */
    private static final long GRAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final double speed;
    private long begun;
    private long firstTime;
    private boolean running;

    /** @param speed recorded seconds for each second; infinite for not waiting at all */
    Pace(double speed) {
        this.speed = speed;
    }

    /** @param time recorded, in microseconds */
    boolean mustWaitFor(long time) {
        return nanosUntil(time) > GRAIN_NANOS;
    }

    void waitFor(long time) throws InterruptedException {
        long nanos = nanosUntil(time);
        if (nanos > 0) {
            TimeUnit.NANOSECONDS.sleep(nanos);
        }
    }

    private long nanosUntil(long time) {
        if (!running) {
            running = true;
            begun = System.nanoTime();
            firstTime = time;
        }
        long due = (long) ((time - firstTime) / speed * 1_000);
        return begun + due - System.nanoTime();
    }
}
