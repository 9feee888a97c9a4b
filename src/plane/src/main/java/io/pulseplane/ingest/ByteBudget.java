package io.pulseplane.ingest;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Bounds the bytes of batches that wait to become durable. Batches that have arrived are counted even if they exceed
 * the bound; callers read further batches only when the budget has room.
 */
public final class ByteBudget {

    private final long maxBytes;
    private long usedBytes;
    private final Queue<Runnable> waitingActions = new ArrayDeque<>();

    ByteBudget(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    public synchronized long usedBytes() {
        return usedBytes;
    }

    /** Reserves the bytes if the budget has room for them, or is not in use at all; returns whether it did. */
    public synchronized boolean tryReserve(long bytes) {
        if (usedBytes > 0 && usedBytes + bytes > maxBytes) {
            return false;
        }
        usedBytes += bytes;
        return true;
    }

    /** Reserves the bytes of a batch that has arrived, also beyond the bound. */
    public synchronized void reserve(long bytes) {
        usedBytes += bytes;
    }

    public void release(long bytes) {
        synchronized (this) {
            usedBytes -= bytes;
        }
        runWaitingActions();
    }

    /**
     * Runs the action as soon as the budget has room: now, or on the thread that releases bytes, in order of the calls.
     */
    public void runWhenAvailable(Runnable action) {
        synchronized (this) {
            waitingActions.add(action);
        }
        runWaitingActions();
    }

    private void runWaitingActions() {
        while (true) {
            Runnable next;
            synchronized (this) {
                next = usedBytes < maxBytes ? waitingActions.poll() : null;
            }
            if (next == null) {
                return;
            }
            next.run();
        }
    }
}
