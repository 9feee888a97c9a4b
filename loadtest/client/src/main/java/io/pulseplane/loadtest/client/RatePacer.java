package io.pulseplane.loadtest.client;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;

/** Sends at a fixed rate, whatever became of what was sent before. */
final class RatePacer {

    /** Beyond these, what is due is not sent but counted, so that a server that hangs does not take the client down. */
    private static final int MAX_IN_FLIGHT = 20_000;

    private static final long MIN_PARK_NANOS = 20_000;

    private final Semaphore room = new Semaphore(MAX_IN_FLIGHT);
    private long notSent;

    /** Sends what was due at a time, by {@link System#nanoTime}. */
    interface Sender {
        void send(long number, long due);
    }

    /** @param length from the start on, by {@link System#nanoTime} */
    void run(long start, double perSecond, Duration length, Sender sender) {
        long end = start + length.toNanos();
        double interval = 1e9 / perSecond;
        for (long number = 0; ; number++) {
            long due = start + (long) (number * interval);
            if (due - end >= 0) {
                return;
            }
            for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
                LockSupport.parkNanos(Math.max(wait, MIN_PARK_NANOS));
            }
            if (room.tryAcquire()) {
                sender.send(number, due);
            } else {
                notSent++;
            }
        }
    }

    /** What was sent has come back, or will not. */
    void completed() {
        room.release();
    }

    void awaitAll() throws InterruptedException {
        room.acquire(MAX_IN_FLIGHT);
    }

    /** How many were due and not sent. */
    long notSent() {
        return notSent;
    }
}
