package io.pulseplane.ingest;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * How many bytes of batches may wait to become durable. What is here already is always counted, fits or not; the budget
 * says when there is room for more.
 */
public final class ByteBudget {

    private final long maxBytes;
    private long usedBytes;
    private final Queue<Runnable> waitingActions = new ArrayDeque<>();

    ByteBudget(long max) {
        this.maxBytes = max;
    }

    public synchronized long usedBytes() {
        return usedBytes;
    }

    /** Counts the bytes if there is room for them, or if nothing else is counted; says whether it did. */
    public synchronized boolean tryReserve(long bytes) {
        if (usedBytes > 0 && usedBytes + bytes > maxBytes) {
            return false;
        }
        usedBytes += bytes;
        return true;
    }

    /** Counts bytes that are here already. */
    public synchronized void reserve(long bytes) {
        usedBytes += bytes;
    }

    public void release(long bytes) {
        synchronized (this) {
            usedBytes -= bytes;
        }
        runWaitingActions();
    }

    /** Runs the action as soon as there is room: now, or on the thread that makes room, in order of asking. */
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
