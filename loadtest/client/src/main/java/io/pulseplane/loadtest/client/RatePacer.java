package io.pulseplane.loadtest.client;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;

/** Sends calls or requests at a fixed rate, even if earlier ones have no answer. */
final class RatePacer {

    /**
     * Bound on calls without an answer, so that a hung server does not exhaust the client. Calls beyond it are only
     * counted.
     */
    private static final int MAX_IN_FLIGHT = 20_000;

    private static final long MIN_PARK_NANOS = 20_000;

    private final Semaphore permits = new Semaphore(MAX_IN_FLIGHT);
    private long notSent;

    /** Sends the call with this number, which was due at this {@link System#nanoTime}. */
    interface Sender {
        void send(long number, long due);
    }

    /** @param start a {@link System#nanoTime} */
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
            if (permits.tryAcquire()) {
                sender.send(number, due);
            } else {
                notSent++;
            }
        }
    }

    /** To be called when a call has an answer or has failed. */
    void completed() {
        permits.release();
    }

    void awaitAll() throws InterruptedException {
        permits.acquire(MAX_IN_FLIGHT);
    }

    /** Number of calls that were due and not sent. */
    long notSent() {
        return notSent;
    }
}
