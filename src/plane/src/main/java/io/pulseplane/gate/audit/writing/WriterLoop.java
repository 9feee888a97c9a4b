package io.pulseplane.gate.audit.writing;

import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.SigningKey;
import io.pulseplane.gate.audit.TrailMark;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** The writer's thread: writes batches from the queue, signs the head soon after, and recovers from failed writes. */
final class WriterLoop implements Runnable {

    /**
     * The head is written this long after the first batch it does not cover. Each head costs a signature, almost 1 ms.
     */
    static final Duration HEAD_LAG = Duration.ofMillis(50);

    /** A written head is synced within this time, so a power cut takes away the heads of this time at most. */
    static final Duration HEAD_SYNC = Duration.ofSeconds(1);

    /** Time between two attempts to write after a failure. */
    static final Duration RETRY_INTERVAL = Duration.ofSeconds(1);

    /** How often an idle trail checks the age of its newest segment. */
    private static final Duration MAINTENANCE_INTERVAL = Duration.ofMinutes(1);

    private static final System.Logger LOG = System.getLogger(WriterLoop.class.getName());

    private final boolean sync;
    private final AuditQueue queue;
    private final TrailWriter writer;
    private final HeadFile head;
    private final Retention retention;
    private final SigningKey key;
    private final LongSupplier clock;
    private final Supplier<OptionalLong> retentionTime;
    private final AuditEvents events;

    /** Marks that are written before the next record. */
    private List<TrailMark> pendingMarks;

    /** The digest that the head on disk has. */
    private String signedDigest;

    private long headDue = Long.MAX_VALUE;
    private long headSyncDue = Long.MAX_VALUE;
    private long maintenanceDue;
    private long maintainedSegment;

    WriterLoop(
            AuditSettings settings,
            AuditQueue queue,
            TrailWriter writer,
            AuditDirectory directory,
            SigningKey key,
            LongSupplier clock,
            Supplier<OptionalLong> retentionTime,
            AuditEvents events,
            List<TrailMark> marks) {
        this.sync = settings.mode() == AuditSettings.Mode.SYNC;
        this.queue = queue;
        this.writer = writer;
        this.head = new HeadFile(directory.headFile());
        this.retention = new Retention(directory, key, settings.segments().retention());
        this.key = key;
        this.clock = clock;
        this.retentionTime = retentionTime;
        this.events = events;
        this.pendingMarks = marks;
        this.signedDigest = writer.durableEnd().digest();
        this.maintenanceDue = System.nanoTime() + MAINTENANCE_INTERVAL.toNanos();
        this.maintainedSegment = writer.durableEnd().segment();
    }

    @Override
    public void run() {
        try {
            if (!pendingMarks.isEmpty()) {
                commit(new RecordBatch());
            }
            while (true) {
                runDueTasks();
                var batch = queue.take(Math.min(maintenanceDue, Math.min(headDue, headSyncDue)));
                if (batch != null && batch.count() == 0) {
                    break;
                }
                if (batch != null) {
                    commit(batch);
                }
            }
            closeTrail();
        } catch (InterruptedException _) {
            LOG.log(
                    Level.ERROR,
                    "The writer of the audit trail was interrupted and has stopped; all calls are refused");
        } finally {
            queue.abandon();
        }
    }

    private void commit(RecordBatch batch) throws InterruptedException {
        long startNanos = System.nanoTime();
        try {
            write(batch, pendingMarks);
        } catch (IOException | RuntimeException e) {
            recover(batch, e);
            return;
        }
        complete(batch, startNanos);
    }

    private void write(RecordBatch batch, List<TrailMark> marks) throws IOException {
        writer.write(marks, batch.records(), batch.count());
        pendingMarks = List.of();
        if (headDue == Long.MAX_VALUE) {
            headDue = System.nanoTime() + HEAD_LAG.toNanos();
        }
    }

    private void complete(RecordBatch batch, long startNanos) {
        if (batch.count() > 0) {
            events.committed(batch.count(), System.nanoTime() - startNanos);
        }
        queue.release(batch);
        batch.complete();
    }

    /**
     * Closes the queue to new records and retries until the trail can be written. In sync mode the batch fails, because
     * its callers still wait; in async mode the batch is kept, because its callers were answered. If the trail is
     * closed meanwhile, this makes one last attempt, logs how many records were lost, and returns.
     */
    private void recover(RecordBatch failedBatch, Exception failure) throws InterruptedException {
        LOG.log(
                Level.ERROR,
                "The audit trail cannot be written; all calls are refused until it can be written again",
                failure);
        events.writeFailed();
        long startNanos = System.nanoTime();
        long fromUs = clock.getAsLong();
        long refusedBefore = queue.refusedCount();
        queue.markUnwritable();
        var batch = failedBatch;
        if (sync) {
            queue.failBatch(failedBatch);
            queue.release(failedBatch);
            batch = new RecordBatch();
        }
        while (!retry(batch, fromUs, refusedBefore)) {
            events.writeFailed();
            if (queue.isClosed()) {
                LOG.log(
                        Level.ERROR,
                        "The audit trail was closed while it could not be written; {0} records are lost",
                        batch.count());
                queue.release(batch);
                return;
            }
        }
        LOG.log(Level.INFO, "The audit trail can be written again");
        complete(batch, startNanos);
        queue.markWritable();
        events.writeRecovered();
    }

    private boolean retry(RecordBatch batch, long fromUs, long refusedBefore) throws InterruptedException {
        queue.pause(RETRY_INTERVAL.toNanos());
        try {
            head.close();
            writer.recover();
            var marks = new ArrayList<>(pendingMarks);
            marks.add(new TrailMark.Interruption(fromUs, clock.getAsLong(), queue.refusedCount() - refusedBefore));
            write(batch, marks);
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "The audit trail cannot be written yet", e);
            return false;
        }
        return true;
    }

    private void runDueTasks() throws InterruptedException {
        long now = System.nanoTime();
        try {
            if (now >= headDue) {
                writeHead();
            }
            if (now >= headSyncDue) {
                syncHead();
            }
            if (now >= maintenanceDue || writer.durableEnd().segment() != maintainedSegment) {
                maintenanceDue = now + MAINTENANCE_INTERVAL.toNanos();
                runMaintenance();
            }
        } catch (IOException | RuntimeException e) {
            recover(new RecordBatch(), e);
        }
    }

    /** The head is on disk before segments are removed, so it never points into a removed segment. */
    private void runMaintenance() throws IOException {
        if (writer.isSealDue()) {
            writer.seal();
        }
        maintainedSegment = writer.durableEnd().segment();
        writeHead();
        syncHead();
        var time = retentionTime.get();
        if (time.isPresent()) {
            retention.apply(maintainedSegment, time.getAsLong());
        }
    }

    private void writeHead() throws IOException {
        headDue = Long.MAX_VALUE;
        var end = writer.durableEnd();
        if (!end.digest().equals(signedDigest)) {
            head.write(end.head(clock.getAsLong()).signedBy(key));
            signedDigest = end.digest();
            headSyncDue = Math.min(headSyncDue, System.nanoTime() + HEAD_SYNC.toNanos());
        }
    }

    private void syncHead() throws IOException {
        headSyncDue = Long.MAX_VALUE;
        head.sync();
    }

    private void closeTrail() {
        try (head) {
            if (!writer.durableEnd().isSealed() && writer.durableEnd().records() > 0) {
                writer.seal();
            }
            writeHead();
            syncHead();
            writer.close();
        } catch (IOException | RuntimeException e) {
            LOG.log(
                    Level.ERROR,
                    "The audit trail was not sealed; it continues where it ends when it is opened next",
                    e);
        }
    }
}
