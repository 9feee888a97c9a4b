package io.pulseplane.ingest;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * How many bytes of batches may wait to become durable. What is here already is always counted, fits or not; the budget
 * says when there is room for more.
 */
public final class Budget {

    private final long max;
    private long used;
    private final Queue<Runnable> waiting = new ArrayDeque<>();

    Budget(long max) {
        this.max = max;
    }

    public synchronized long used() {
        return used;
    }

    /** Counts the bytes if there is room for them, or if nothing else is counted; says whether it did. */
    public synchronized boolean tryReserve(long bytes) {
        if (used > 0 && used + bytes > max) {
            return false;
        }
        used += bytes;
        return true;
    }

    /** Counts bytes that are here already. */
    public synchronized void reserve(long bytes) {
        used += bytes;
    }

    public void release(long bytes) {
        synchronized (this) {
            used -= bytes;
        }
        runWhileThereIsRoom();
    }

    /** Runs the action as soon as there is room: now, or on the thread that makes room, in order of asking. */
    public void whenThereIsRoom(Runnable action) {
        synchronized (this) {
            waiting.add(action);
        }
        runWhileThereIsRoom();
    }

    private void runWhileThereIsRoom() {
        while (true) {
            Runnable next;
            synchronized (this) {
                next = used < max ? waiting.poll() : null;
            }
            if (next == null) {
                return;
            }
            next.run();
        }
    }
}
