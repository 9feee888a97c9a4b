package io.pulseplane.store;

import io.pulseplane.vitals.PlaneException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Queue;
import java.util.Set;

/**
 * The reads that wait for a thread or a connection. Callers with reads are served in turn, one read each. Short reads
 * go before long ones, but for one in {@value #SHORT_READS_IN_A_ROW}, so that long ones go on. At most a number of long
 * reads run at a time, so that a short one finds a thread or a connection.
 *
 * <p>All operations take constant time. {@value #MAX_WAITING} reads may wait, of which one caller may have a quarter.
 */
public final class FairReadQueue {

    static final int MAX_WAITING = 4_096;
    static final int MAX_WAITING_PER_CALLER = MAX_WAITING / 4;
    private static final int SHORT_READS_IN_A_ROW = 16;
    private static final Duration RETRY_WHEN_BUSY = Duration.ofMillis(100);

    /** How much a read may take. */
    public enum Length {
        /** Some rows: registrations, series, latest readings. */
        SHORT,
        /** A page of readings or windows. */
        LONG
    }

    /** A read that waits. */
    public static final class Ticket {

        private final String caller;
        private final Length length;
        private final Runnable work;

        private Ticket(String caller, Length length, Runnable work) {
            this.caller = caller;
            this.length = length;
            this.work = work;
        }

        public void run() {
            work.run();
        }
    }

    /** The reads of one length by caller, and whose turn it is. */
    private static final class Turns {

        /** Has callers with waiting reads only. */
        private final Map<String, LinkedHashSet<Ticket>> byCaller = new HashMap<>();

        /** The callers in their order. A caller whose reads were all cancelled stays in it until its turn. */
        private final Queue<String> order = new ArrayDeque<>();

        private final Set<String> isInOrder = new HashSet<>();

        int countOf(String caller) {
            var tickets = byCaller.get(caller);
            return tickets == null ? 0 : tickets.size();
        }

        void add(Ticket ticket) {
            byCaller.computeIfAbsent(ticket.caller, _ -> new LinkedHashSet<>()).add(ticket);
            if (isInOrder.add(ticket.caller)) {
                order.add(ticket.caller);
            }
        }

        boolean remove(Ticket ticket) {
            var tickets = byCaller.get(ticket.caller);
            if (tickets == null || !tickets.remove(ticket)) {
                return false;
            }
            if (tickets.isEmpty()) {
                byCaller.remove(ticket.caller);
            }
            return true;
        }

        boolean isEmpty() {
            return byCaller.isEmpty();
        }

        /** Removes and returns the first read of the next caller; there is one. */
        Ticket takeNext() {
            while (true) {
                var caller = order.remove();
                var tickets = byCaller.get(caller);
                if (tickets == null) {
                    isInOrder.remove(caller);
                    continue;
                }
                var ticket = tickets.removeFirst();
                if (tickets.isEmpty()) {
                    byCaller.remove(caller);
                    isInOrder.remove(caller);
                } else {
                    order.add(caller);
                }
                return ticket;
            }
        }
    }

    private final int maxLongRunning;
    private final Map<Length, Turns> turns = new EnumMap<>(Map.of(Length.SHORT, new Turns(), Length.LONG, new Turns()));
    private int waiting;
    private int longRunning;
    private int shortInARow;

    /** @param maxLongRunning how many long reads may run at a time */
    public FairReadQueue(int maxLongRunning) {
        this.maxLongRunning = maxLongRunning;
    }

    /** @throws PlaneException.ResourceExhausted if too many reads wait */
    public synchronized Ticket add(String caller, Length length, Runnable work) {
        int ofCaller =
                turns.get(Length.SHORT).countOf(caller) + turns.get(Length.LONG).countOf(caller);
        if (waiting >= MAX_WAITING || ofCaller >= MAX_WAITING_PER_CALLER) {
            throw new PlaneException.ResourceExhausted("too many queries wait for the store", RETRY_WHEN_BUSY);
        }
        var ticket = new Ticket(caller, length, work);
        turns.get(length).add(ticket);
        waiting++;
        return ticket;
    }

    /**
     * Removes a read that nobody waits for any more.
     *
     * @return whether it waited; otherwise it runs already, or has ended
     */
    public synchronized boolean remove(Ticket ticket) {
        boolean waited = turns.get(ticket.length).remove(ticket);
        if (waited) {
            waiting--;
        }
        return waited;
    }

    public synchronized int waiting() {
        return waiting;
    }

    /** Runs reads on this thread until there is none that may run now. Call it on one of the threads for each read. */
    public void runWaiting() {
        for (var ticket = take(); ticket != null; ticket = take()) {
            try {
                ticket.run();
            } catch (RuntimeException | Error failure) {
                // The reads behind it may wait for this thread alone.
                var thread = Thread.currentThread();
                thread.getUncaughtExceptionHandler().uncaughtException(thread, failure);
            } finally {
                done(ticket);
            }
        }
    }

    /**
     * Takes the read whose turn it is out of the queue; null if there is none that may run now. Whoever takes it runs
     * it, and calls {@link #done} when it has ended.
     */
    public synchronized Ticket take() {
        boolean longMayRun =
                longRunning < maxLongRunning && !turns.get(Length.LONG).isEmpty();
        boolean shortWaits = !turns.get(Length.SHORT).isEmpty();
        if (!longMayRun && !shortWaits) {
            return null;
        }
        waiting--;
        if (shortWaits && !(longMayRun && shortInARow >= SHORT_READS_IN_A_ROW)) {
            shortInARow = longMayRun ? shortInARow + 1 : 0;
            return turns.get(Length.SHORT).takeNext();
        }
        shortInARow = 0;
        longRunning++;
        return turns.get(Length.LONG).takeNext();
    }

    /** A read that was taken has ended, so another long one may run. */
    public synchronized void done(Ticket ticket) {
        if (ticket.length == Length.LONG) {
            longRunning--;
        }
    }
}
