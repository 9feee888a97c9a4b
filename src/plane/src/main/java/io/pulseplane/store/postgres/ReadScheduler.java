package io.pulseplane.store.postgres;

import io.pulseplane.store.FairReadQueue;
import io.pulseplane.store.FairReadQueue.Length;
import io.pulseplane.store.FairReadQueue.Ticket;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Begins reads for their callers in turn, at most a number at a time: see {@link FairReadQueue}. So no caller takes the
 * connections from the others, and reads do not take them from the writer.
 */
final class ReadScheduler {

    private final FairReadQueue queue;
    private final int maxRunning;
    private int running;

    /**
     * Number of calls of {@link #beginWaiting} that are not handled yet. One thread at a time handles the calls of all
     * threads, so that reads which end at once do not nest.
     */
    private final AtomicInteger beginRequests = new AtomicInteger();

    /** @param maxRunning how many reads may run at a time; if more than one may, one place is for short reads alone */
    ReadScheduler(int maxRunning) {
        this.queue = new FairReadQueue(Math.max(1, maxRunning - 1));
        this.maxRunning = maxRunning;
    }

    /**
     * Adds a read. It waits until {@link #beginWaiting} is called.
     *
     * @param read begins the read, does not wait for it, and does not throw
     * @throws io.pulseplane.vitals.PlaneException.ResourceExhausted if too many reads wait
     */
    Ticket add(String caller, Length length, Runnable read) {
        return queue.add(caller, length, read);
    }

    /** Begins the reads whose turn it is. */
    void beginWaiting() {
        if (beginRequests.getAndIncrement() > 0) {
            return;
        }
        int handled = 1;
        do {
            for (var ticket = take(); ticket != null; ticket = take()) {
                ticket.run();
            }
            handled = beginRequests.addAndGet(-handled);
        } while (handled > 0);
    }

    private synchronized Ticket take() {
        var ticket = running < maxRunning ? queue.take() : null;
        if (ticket != null) {
            running++;
        }
        return ticket;
    }

    /** @return whether the read still waited, so that it will not begin */
    boolean remove(Ticket ticket) {
        return queue.remove(ticket);
    }

    /** A read that had begun has ended. */
    void done(Ticket ticket) {
        synchronized (this) {
            running--;
        }
        queue.done(ticket);
        beginWaiting();
    }
}
