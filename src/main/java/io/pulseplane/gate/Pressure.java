package io.pulseplane.gate;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * How many calls may be under way, so that those that are taken are answered in time. A call that has been decided on and
 * recorded waits for its turn on the event loop: where that takes longer than it may, there are too many. Then fewer are
 * let in, and more again as soon as it does not.
 *
 * <p>A connection may always have its share of what all may have: who asks little is not turned away for those who ask
 * much. Time that is spent waiting for the disk counts for nothing: any number of calls share a sync.
 */
final class Pressure {

    /** However long they wait, so many keep a plane busy while a sync lasts. */
    static final int MIN_CALLS = 128;

    /** No bound. */
    static final int UNBOUNDED = 1 << 30;

    private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(100);

    /** What is left of the calls that were too many, and what is added to those that were not: 3/4, and a quarter. */
    private static final int PARTS = 4;

    private final long maxWait;
    private final LongSupplier nanos;
    private final AtomicInteger underWay = new AtomicInteger();
    private final AtomicInteger busy = new AtomicInteger();

    private volatile int limit = UNBOUNDED;

    private long since;
    private long waits;
    private long waited;
    private int most;

    /**
     * @param maxWait how long calls may wait for their turn, on average; any time when zero
     * @param nanos a clock as {@link System#nanoTime}
     */
    Pressure(Duration maxWait, LongSupplier nanos) {
        this.maxWait = maxWait.isZero() ? Long.MAX_VALUE : maxWait.toNanos();
        this.nanos = nanos;
        this.since = nanos.getAsLong();
    }

    /** Counts a call in; whether it may come in. To be counted out in any case. */
    boolean enter(Peer peer) {
        int own = peer.calls().incrementAndGet();
        int connections = own == 1 ? busy.incrementAndGet() : busy.get();
        int all = underWay.incrementAndGet();
        int bound = limit;
        return all <= bound || own <= Math.max(1, bound / Math.max(1, connections));
    }

    void leave(Peer peer) {
        underWay.decrementAndGet();
        if (peer.calls().decrementAndGet() == 0) {
            busy.decrementAndGet();
        }
    }

    /** A call had to wait that long for its turn. */
    synchronized void waited(long time) {
        waits++;
        waited += time;
        most = Math.max(most, underWay.get());
        long now = nanos.getAsLong();
        if (now - since >= INTERVAL) {
            adjust(waited / waits);
            since = now;
            waits = 0;
            waited = 0;
            most = 0;
        }
    }

    private void adjust(long average) {
        if (average > maxWait) {
            limit = Math.max(MIN_CALLS, Math.min(limit, most) / PARTS * (PARTS - 1));
        } else if (limit != UNBOUNDED) {
            // Far beyond what anybody wants by now: the next who want more meet no bound that is not of their making.
            int raised = limit + limit / PARTS;
            limit = raised > PARTS * Math.max(MIN_CALLS, most) ? UNBOUNDED : raised;
        }
    }

    /** How many calls may be under way now. */
    int limit() {
        return limit;
    }
}
