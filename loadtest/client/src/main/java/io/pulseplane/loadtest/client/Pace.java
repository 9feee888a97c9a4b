package io.pulseplane.loadtest.client;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;

/** Sends at a fixed rate, whatever became of what was sent before. */
final class Pace {

    /** Beyond these, what is due is not sent but counted, so that a server that hangs does not take the client down. */
    private static final int MAX_UNDER_WAY = 20_000;

    private static final long GRAIN_NANOS = 20_000;

    private final Semaphore room = new Semaphore(MAX_UNDER_WAY);
    private long held;

    /** Sends what was due at a time, by {@link System#nanoTime}. */
    interface Sender {
        void send(long number, long due);
    }

    /** @param length from the start on, by {@link System#nanoTime} */
    void keep(long start, double perSecond, Duration length, Sender sender) {
        long end = start + length.toNanos();
        double interval = 1e9 / perSecond;
        for (long number = 0; ; number++) {
            long due = start + (long) (number * interval);
            if (due - end >= 0) {
                return;
            }
            for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
                LockSupport.parkNanos(Math.max(wait, GRAIN_NANOS));
            }
            if (room.tryAcquire()) {
                sender.send(number, due);
            } else {
                held++;
            }
        }
    }

    /** What was sent has come back, or will not. */
    void returned() {
        room.release();
    }

    void awaitAll() throws InterruptedException {
        room.acquire(MAX_UNDER_WAY);
    }

    /** How many were due and not sent. */
    long held() {
        return held;
    }
}
