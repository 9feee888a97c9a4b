package io.pulseplane.gate.audit;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** What the writer's thread does: write what waits, keep the head close behind, and mend what fails. */
final class WriterLoop implements Runnable {

    /** The head follows the log within this time. It costs a signature, most of a millisecond, so there are few of them. */
    static final Duration HEAD_LAG = Duration.ofMillis(50);

    /** After a power cut the head is behind by this time at most. */
    static final Duration HEAD_SYNC = Duration.ofSeconds(1);

    /** Between attempts to write a log that could not be written. */
    static final Duration RETRY_INTERVAL = Duration.ofSeconds(1);

    /** How often an idle log looks at its age. */
    private static final Duration MAINTENANCE_INTERVAL = Duration.ofMinutes(1);

    private static final System.Logger LOG = System.getLogger(WriterLoop.class.getName());

    private final boolean sync;
    private final AuditQueue queue;
    private final TrailWriter trail;
    private final HeadFile head;
    private final Retention retention;
    private final SigningKey key;
    private final LongSupplier clock;
    private final AuditEvents events;

    /** To be written before the next record. */
    private List<TrailMark> pendingMarks;

    /** Digest at the end of the log as the head on disk has it. */
    private String signedDigest;

    private long headDue = Long.MAX_VALUE;
    private long headSyncDue = Long.MAX_VALUE;
    private long maintenanceDue;
    private long maintainedSegment;

    WriterLoop(
            AuditSettings settings,
            AuditQueue queue,
            TrailWriter log,
            AuditDirectory directory,
            SigningKey key,
            LongSupplier clock,
            AuditEvents events,
            List<TrailMark> marks) {
        this.sync = settings.mode() == AuditSettings.Mode.SYNC;
        this.queue = queue;
        this.trail = log;
        this.head = new HeadFile(directory.headFile());
        this.retention = new Retention(directory, key, settings.segments().retention());
        this.key = key;
        this.clock = clock;
        this.events = events;
        this.pendingMarks = marks;
        this.signedDigest = log.durableEnd().digest();
        this.maintenanceDue = System.nanoTime() + MAINTENANCE_INTERVAL.toNanos();
        this.maintainedSegment = log.durableEnd().segment();
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
            LOG.log(Level.ERROR, "The writer of the audit log was interrupted; nothing more is written");
        } finally {
            queue.abandon();
        }
    }

    private void commit(RecordBatch batch) throws InterruptedException {
        long begun = System.nanoTime();
        try {
            write(batch, pendingMarks);
        } catch (IOException | RuntimeException e) {
            recover(batch, e);
            return;
        }
        complete(batch, begun);
    }

    private void write(RecordBatch batch, List<TrailMark> before) throws IOException {
        trail.write(before, batch.records(), batch.count());
        pendingMarks = List.of();
        if (headDue == Long.MAX_VALUE) {
            headDue = System.nanoTime() + HEAD_LAG.toNanos();
        }
    }

    private void complete(RecordBatch batch, long begun) {
        if (batch.count() > 0) {
            events.committed(batch.count(), System.nanoTime() - begun);
        }
        queue.release(batch);
        batch.complete();
    }

    /**
     * Fails what nobody has been answered for yet, keeps the rest, and tries until the log can be written or is closed.
     * Returns with an open queue, or with a closed one and whatever could not be written reported.
     */
    private void recover(RecordBatch failed, Exception failure) throws InterruptedException {
        LOG.log(Level.ERROR, "The audit log cannot be written; every call is refused until it can be", failure);
        events.writeFailed();
        long begun = System.nanoTime();
        long fromUs = clock.getAsLong();
        long refusedBefore = queue.refusedCount();
        queue.markUnwritable();
        var batch = failed;
        if (sync) {
            queue.failBatch(failed);
            queue.release(failed);
            batch = new RecordBatch();
        }
        while (!retry(batch, fromUs, refusedBefore)) {
            events.writeFailed();
            if (queue.isClosed()) {
                LOG.log(Level.ERROR, "The audit log was closed without {0} records", batch.count());
                queue.release(batch);
                return;
            }
        }
        LOG.log(Level.INFO, "The audit log can be written again");
        complete(batch, begun);
        queue.markWritable();
        events.writeRecovered();
    }

    private boolean retry(RecordBatch batch, long fromUs, long refusedBefore) throws InterruptedException {
        queue.pause(RETRY_INTERVAL.toNanos());
        try {
            head.close();
            trail.recover();
            var before = new ArrayList<>(pendingMarks);
            before.add(new TrailMark.Interruption(fromUs, clock.getAsLong(), queue.refusedCount() - refusedBefore));
            write(batch, before);
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "The audit log cannot be written yet", e);
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
            if (now >= maintenanceDue || trail.durableEnd().segment() != maintainedSegment) {
                maintenanceDue = now + MAINTENANCE_INTERVAL.toNanos();
                runMaintenance();
            }
        } catch (IOException | RuntimeException e) {
            recover(new RecordBatch(), e);
        }
    }

    /** Nothing is removed before the head on disk stands beyond it. */
    private void runMaintenance() throws IOException {
        if (trail.isSealDue()) {
            trail.seal();
        }
        maintainedSegment = trail.durableEnd().segment();
        writeHead();
        syncHead();
        retention.apply(maintainedSegment, clock.getAsLong());
    }

    private void writeHead() throws IOException {
        headDue = Long.MAX_VALUE;
        var end = trail.durableEnd();
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
            if (!trail.durableEnd().isSealed() && trail.durableEnd().records() > 0) {
                trail.seal();
            }
            writeHead();
            syncHead();
            trail.close();
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.ERROR, "The audit log was not sealed; the next plane goes on where it ends", e);
        }
    }
}
