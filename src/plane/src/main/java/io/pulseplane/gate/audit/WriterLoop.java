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
    static final Duration RETRY = Duration.ofSeconds(1);

    /** How often an idle log looks at its age. */
    private static final Duration LOOK_AROUND = Duration.ofMinutes(1);

    private static final System.Logger LOG = System.getLogger(WriterLoop.class.getName());

    private final boolean sync;
    private final AuditQueue queue;
    private final LogWriter log;
    private final HeadFile head;
    private final Retention retention;
    private final NodeKey key;
    private final LongSupplier clock;
    private final AuditEvents events;

    /** To be written before the next record. */
    private List<Mark> marks;

    /** Digest at the end of the log as the head on disk has it. */
    private String signed;

    private long headDue = Long.MAX_VALUE;
    private long headSyncDue = Long.MAX_VALUE;
    private long lookAroundDue;
    private long lookedAroundIn;

    WriterLoop(
            AuditSettings settings,
            AuditQueue queue,
            LogWriter log,
            AuditDirectory directory,
            NodeKey key,
            LongSupplier clock,
            AuditEvents events,
            List<Mark> marks) {
        this.sync = settings.mode() == AuditSettings.Mode.SYNC;
        this.queue = queue;
        this.log = log;
        this.head = new HeadFile(directory.head());
        this.retention = new Retention(directory, key, settings.segments().retention());
        this.key = key;
        this.clock = clock;
        this.events = events;
        this.marks = marks;
        this.signed = log.durable().digest();
        this.lookAroundDue = System.nanoTime() + LOOK_AROUND.toNanos();
        this.lookedAroundIn = log.durable().segment();
    }

    @Override
    public void run() {
        try {
            if (!marks.isEmpty()) {
                commit(new Batch());
            }
            while (true) {
                doWhatIsDue();
                var batch = queue.take(Math.min(lookAroundDue, Math.min(headDue, headSyncDue)));
                if (batch != null && batch.count() == 0) {
                    break;
                }
                if (batch != null) {
                    commit(batch);
                }
            }
            end();
        } catch (InterruptedException _) {
            LOG.log(Level.ERROR, "The writer of the audit log was interrupted; nothing more is written");
        } finally {
            queue.abandon();
        }
    }

    private void commit(Batch batch) throws InterruptedException {
        long begun = System.nanoTime();
        try {
            write(batch, marks);
        } catch (IOException | RuntimeException e) {
            mend(batch, e);
            return;
        }
        done(batch, begun);
    }

    private void write(Batch batch, List<Mark> before) throws IOException {
        log.write(before, batch.records(), batch.count());
        marks = List.of();
        if (headDue == Long.MAX_VALUE) {
            headDue = System.nanoTime() + HEAD_LAG.toNanos();
        }
    }

    private void done(Batch batch, long begun) {
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
    private void mend(Batch failed, Exception failure) throws InterruptedException {
        LOG.log(Level.ERROR, "The audit log cannot be written; every call is refused until it can be", failure);
        events.failed();
        long begun = System.nanoTime();
        long fromUs = clock.getAsLong();
        long refusedBefore = queue.refused();
        queue.breakDown();
        var batch = failed;
        if (sync) {
            queue.refuse(failed);
            queue.release(failed);
            batch = new Batch();
        }
        while (!tryAgain(batch, fromUs, refusedBefore)) {
            events.failed();
            if (queue.isClosed()) {
                LOG.log(Level.ERROR, "The audit log was closed without {0} records", batch.count());
                queue.release(batch);
                return;
            }
        }
        LOG.log(Level.INFO, "The audit log can be written again");
        done(batch, begun);
        queue.recover();
        events.recovered();
    }

    private boolean tryAgain(Batch batch, long fromUs, long refusedBefore) throws InterruptedException {
        queue.pause(RETRY.toNanos());
        try {
            head.close();
            log.recover();
            var before = new ArrayList<>(marks);
            before.add(new Mark.Interrupted(fromUs, clock.getAsLong(), queue.refused() - refusedBefore));
            write(batch, before);
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "The audit log cannot be written yet", e);
            return false;
        }
        return true;
    }

    private void doWhatIsDue() throws InterruptedException {
        long now = System.nanoTime();
        try {
            if (now >= headDue) {
                writeHead();
            }
            if (now >= headSyncDue) {
                syncHead();
            }
            if (now >= lookAroundDue || log.durable().segment() != lookedAroundIn) {
                lookAroundDue = now + LOOK_AROUND.toNanos();
                lookAround();
            }
        } catch (IOException | RuntimeException e) {
            mend(new Batch(), e);
        }
    }

    /** Nothing is removed before the head on disk stands beyond it. */
    private void lookAround() throws IOException {
        if (log.isSealDue()) {
            log.seal();
        }
        lookedAroundIn = log.durable().segment();
        writeHead();
        syncHead();
        retention.apply(lookedAroundIn, clock.getAsLong());
    }

    private void writeHead() throws IOException {
        headDue = Long.MAX_VALUE;
        var end = log.durable();
        if (!end.digest().equals(signed)) {
            head.write(end.head(clock.getAsLong()).signedBy(key));
            signed = end.digest();
            headSyncDue = Math.min(headSyncDue, System.nanoTime() + HEAD_SYNC.toNanos());
        }
    }

    private void syncHead() throws IOException {
        headSyncDue = Long.MAX_VALUE;
        head.sync();
    }

    private void end() {
        try (head) {
            if (!log.durable().sealed() && log.durable().records() > 0) {
                log.seal();
            }
            writeHead();
            syncHead();
            log.close();
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.ERROR, "The audit log was not sealed; the next plane goes on where it ends", e);
        }
    }
}
