package io.pulseplane.gate.audit;

import io.pulseplane.vitals.PlaneException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * Where records wait for the writer. Bounded, the batch that is being written included.
 *
 * <p>Adding is a few dozen instructions under a lock and allocates nothing but now and then a larger array: refusals are
 * made once, and all records of a batch share one stage.
 */
final class AuditQueue {

    private static final CompletionStage<Void> FULL = refusal("the audit log does not keep up; nothing was done");
    private static final CompletionStage<Void> UNWRITABLE =
            refusal("the audit log cannot be written; nothing was done");
    private static final CompletionStage<Void> CLOSED = refusal("the plane is stopping");

    /** A queue that is filled to this part of its bounds is written before its time. */
    private static final int EARLY_FRACTION = 4;

    private enum State {
        OPEN,
        UNWRITABLE,
        CLOSED
    }

    private final boolean sync;
    private final long intervalNanos;
    private final AuditSettings.Queue bounds;

    private State state = State.OPEN;
    private RecordBatch waiting = new RecordBatch();
    private RecordBatch spare = new RecordBatch();
    private int heldRecords;
    private long heldBytes;
    private long refusedCount;

    /** When the first of the waiting records came. */
    private long oldestNanos;

    AuditQueue(AuditSettings settings) {
        sync = settings.mode() == AuditSettings.Mode.SYNC;
        intervalNanos = sync ? 0 : settings.interval().toNanos();
        bounds = settings.queue();
    }

    private static CompletionStage<Void> refusal(String message) {
        return CompletableFuture.failedStage(new PlaneException.Unavailable(message, null));
    }

    static boolean isRefusal(CompletionStage<Void> answer) {
        return answer == FULL || answer == UNWRITABLE || answer == CLOSED;
    }

    CompletionStage<Void> add(AuditRecord record) {
        int weight = record.weightBytes();
        synchronized (this) {
            if (state != State.OPEN) {
                refusedCount++;
                return state == State.CLOSED ? CLOSED : UNWRITABLE;
            }
            if (heldRecords == bounds.maxRecords() || (heldRecords > 0 && heldBytes + weight > bounds.maxBytes())) {
                refusedCount++;
                return FULL;
            }
            heldRecords++;
            heldBytes += weight;
            waiting.add(record, weight);
            if (waiting.count() == 1) {
                oldestNanos = System.nanoTime();
                notify();
            } else if (!sync && isEarly(weight)) {
                notify();
            }
            return sync ? waiting.completion() : AuditTrail.WRITTEN;
        }
    }

    /** Whether it was this record that filled the queue to the part that is written early. */
    private boolean isEarly(int weight) {
        long before = waiting.bytes() - weight;
        return waiting.count() == bounds.maxRecords() / EARLY_FRACTION
                || (waiting.bytes() >= bounds.maxBytes() / EARLY_FRACTION
                        && before < bounds.maxBytes() / EARLY_FRACTION);
    }

    /**
     * Waits for records to be written, until this time of {@link System#nanoTime} at the latest.
     *
     * @return null if it is not time to write anything yet; empty if there is nothing more to come
     */
    synchronized RecordBatch take(long until) throws InterruptedException {
        while (true) {
            long now = System.nanoTime();
            long due = waiting.count() == 0 ? Long.MAX_VALUE : nanosUntilDue(now);
            if (due <= 0 || state == State.CLOSED) {
                return takeWaiting();
            }
            long left = Math.min(due, until - now);
            if (left <= 0) {
                return null;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    private long nanosUntilDue(long now) {
        var early = waiting.count() >= bounds.maxRecords() / EARLY_FRACTION
                || waiting.bytes() >= bounds.maxBytes() / EARLY_FRACTION;
        return early ? 0 : oldestNanos + intervalNanos - now;
    }

    private RecordBatch takeWaiting() {
        var batch = waiting;
        waiting = spare;
        spare = null;
        return batch;
    }

    /** Gives back the room of a batch that is over. The writer does so before it takes another. */
    synchronized void release(RecordBatch batch) {
        heldRecords -= batch.count();
        heldBytes -= batch.bytes();
        spare = batch.recycle();
    }

    /** Refuses everything from now on; in sync mode, also what waits. */
    void markUnwritable() {
        RecordBatch given = null;
        synchronized (this) {
            if (state == State.OPEN) {
                state = State.UNWRITABLE;
            }
            if (sync) {
                given = waiting;
                heldRecords -= given.count();
                heldBytes -= given.bytes();
                refusedCount += given.count();
                waiting = new RecordBatch();
            }
        }
        if (given != null) {
            given.fail(unwritable());
        }
    }

    /** Fails what was taken and could not be written. */
    void failBatch(RecordBatch batch) {
        synchronized (this) {
            refusedCount += batch.count();
        }
        batch.fail(unwritable());
    }

    private static PlaneException unwritable() {
        return new PlaneException.Unavailable("the audit log cannot be written; nothing was done", null);
    }

    synchronized void markWritable() {
        if (state == State.UNWRITABLE) {
            state = State.OPEN;
        }
    }

    /** Takes no more. */
    synchronized void close() {
        state = State.CLOSED;
        notifyAll();
    }

    /** Takes no more, and fails what nobody will write any more. */
    void abandon() {
        close();
        markUnwritable();
    }

    synchronized boolean isClosed() {
        return state == State.CLOSED;
    }

    synchronized boolean isOpen() {
        return state == State.OPEN;
    }

    /** Waits, or less long if the queue is closed meanwhile. */
    synchronized void pause(long nanos) throws InterruptedException {
        long until = System.nanoTime() + nanos;
        for (long left = nanos; left > 0 && state != State.CLOSED; left = until - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    /** How many records were not taken, ever. */
    synchronized long refusedCount() {
        return refusedCount;
    }
}
