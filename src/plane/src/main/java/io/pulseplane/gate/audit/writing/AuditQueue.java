package io.pulseplane.gate.audit.writing;

import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.vitals.PlaneException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * The queue in which records wait for the writer. Its bounds include the batch that the writer has taken.
 *
 * <p>Adding takes a few dozen instructions under a lock, and allocates only when the batch needs a larger array:
 * refusals are constants, and all records of a batch share one stage.
 */
final class AuditQueue {

    private static final CompletionStage<Void> FULL =
            refusal("the audit trail cannot keep up with the calls; nothing was done");
    private static final CompletionStage<Void> UNWRITABLE =
            refusal("the audit trail cannot be written; nothing was done");
    private static final CompletionStage<Void> CLOSED = refusal("the plane is stopping");

    /** When this fraction (1/4) of a bound is reached, the writer does not wait for the interval to end. */
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
    private RecordBatch pending = new RecordBatch();
    private RecordBatch spare = new RecordBatch();

    /** Records and bytes of the pending batch and of the one that the writer has taken. */
    private int heldRecords;

    private long heldBytes;

    private long refusedCount;

    /** {@link System#nanoTime} when the first record of the pending batch was added. */
    private long oldestNanos;

    AuditQueue(AuditSettings settings) {
        sync = settings.mode() == AuditSettings.Mode.SYNC;
        intervalNanos = sync ? 0 : settings.interval().toNanos();
        bounds = settings.queue();
    }

    private static CompletionStage<Void> refusal(String message) {
        return CompletableFuture.failedStage(new PlaneException.Unavailable(message, null));
    }

    static boolean isRefusal(CompletionStage<Void> completion) {
        return completion == FULL || completion == UNWRITABLE || completion == CLOSED;
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
            pending.add(record, weight);
            if (pending.count() == 1) {
                oldestNanos = System.nanoTime();
                notify();
            } else if (!sync && crossesEarlyBound(weight)) {
                notify();
            }
            return sync ? pending.completion() : AuditTrail.WRITTEN;
        }
    }

    /** Whether the batch must be written early, and did not have to be before the last record was added. */
    private boolean crossesEarlyBound(int weight) {
        long bytesBefore = pending.bytes() - weight;
        return pending.count() == bounds.maxRecords() / EARLY_FRACTION
                || (pending.bytes() >= bounds.maxBytes() / EARLY_FRACTION
                        && bytesBefore < bounds.maxBytes() / EARLY_FRACTION);
    }

    /**
     * Waits until there is a batch to write, or until the deadline.
     *
     * @param deadline on the clock of {@link System#nanoTime}
     * @return null if no batch is due yet; an empty batch if the queue is closed and all records were taken
     */
    synchronized RecordBatch take(long deadline) throws InterruptedException {
        while (true) {
            long now = System.nanoTime();
            long due = pending.count() == 0 ? Long.MAX_VALUE : nanosUntilDue(now);
            if (due <= 0 || state == State.CLOSED) {
                return takePending();
            }
            long left = Math.min(due, deadline - now);
            if (left <= 0) {
                return null;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    private long nanosUntilDue(long now) {
        boolean early = pending.count() >= bounds.maxRecords() / EARLY_FRACTION
                || pending.bytes() >= bounds.maxBytes() / EARLY_FRACTION;
        return early ? 0 : oldestNanos + intervalNanos - now;
    }

    private RecordBatch takePending() {
        var batch = pending;
        pending = spare;
        spare = null;
        return batch;
    }

    /** Frees the room of a batch that is done. The writer calls this before it takes the next batch. */
    synchronized void release(RecordBatch batch) {
        heldRecords -= batch.count();
        heldBytes -= batch.bytes();
        spare = batch.recycle();
    }

    /** Refuses all records from now on. In sync mode, also fails the pending ones. */
    void markUnwritable() {
        RecordBatch failed = null;
        synchronized (this) {
            if (state == State.OPEN) {
                state = State.UNWRITABLE;
            }
            if (sync) {
                failed = pending;
                heldRecords -= failed.count();
                heldBytes -= failed.bytes();
                refusedCount += failed.count();
                pending = new RecordBatch();
            }
        }
        if (failed != null) {
            failed.fail(unwritable());
        }
    }

    /** Fails a batch that the writer took and could not write. */
    void failBatch(RecordBatch batch) {
        synchronized (this) {
            refusedCount += batch.count();
        }
        batch.fail(unwritable());
    }

    private static PlaneException unwritable() {
        return new PlaneException.Unavailable("the audit trail cannot be written; nothing was done", null);
    }

    synchronized void markWritable() {
        if (state == State.UNWRITABLE) {
            state = State.OPEN;
        }
    }

    /** Refuses all records from now on. The writer still gets the pending ones. */
    synchronized void close() {
        state = State.CLOSED;
        notifyAll();
    }

    /** Closes the queue when there is no writer any more. In sync mode, also fails the pending records. */
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

    /** Waits for this time, or until the queue is closed. */
    synchronized void pause(long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        for (long left = nanos; left > 0 && state != State.CLOSED; left = deadline - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    /** How many records were refused since the queue was made. */
    synchronized long refusedCount() {
        return refusedCount;
    }
}
