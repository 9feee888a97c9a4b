package io.pulseplane.gate.audit;

import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

/**
 * The trail of who was let at what, and who was not. Only ever grows at its end, by one thread.
 *
 * <p>Closed by default: a record that cannot be kept is refused, and its caller with it, until the log can be written
 * again, which it finds out by itself.
 */
public final class AuditTrail implements AutoCloseable {

    /** Of a record that may be relied on at once. One for all, so that whoever gets it need not ask whether it is done. */
    public static final CompletionStage<Void> WRITTEN = CompletableFuture.completedStage(null);

    private static final System.Logger LOG = System.getLogger(AuditTrail.class.getName());

    /** A disk that takes longer than this to sync what waits does not answer any more. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

    private final AuditQueue queue;
    private final AuditEvents events;

    /** Nobody, if nothing is written. */
    private final Optional<Thread> writer;

    private AuditTrail(AuditQueue queue, AuditEvents events, Optional<Thread> writer) {
        this.queue = queue;
        this.events = events;
        this.writer = writer;
    }

    /**
     * Opens the log and makes it if it is not there, its directory and the node's key too. A log that was not closed goes
     * on where its last complete group ends. Blocks. One plane at a time, which is the caller's to see to.
     *
     * @param clock microseconds since the epoch
     * @throws PlaneException.DataLoss if the log is not as it was written; it is left alone
     * @throws PlaneException.FailedPrecondition if the node's key cannot be used
     * @throws PlaneException.Unavailable if the directory cannot be written to
     */
    public static AuditTrail open(AuditSettings settings, LongSupplier clock, AuditEvents events) {
        return open(settings, clock, events, SegmentFile.OnDisk.OPENER);
    }

    static AuditTrail open(
            AuditSettings settings, LongSupplier clock, AuditEvents events, SegmentFile.Opener segments) {
        var queue = new AuditQueue(settings);
        if (settings.mode() == AuditSettings.Mode.OFF) {
            return new AuditTrail(queue, events, Optional.empty());
        }
        try {
            var directory = AuditDirectory.create(settings.directory());
            var key = SigningKey.open(settings.keyFile());
            var found = TrailRecovery.recover(directory, key, clock.getAsLong());
            var log = new TrailWriter(settings, directory, key, found.end(), segments, clock);
            var loop = new WriterLoop(settings, queue, log, directory, key, clock, events, found.marks());
            var thread = Thread.ofPlatform().name("pulseplane-audit").daemon().start(loop);
            return new AuditTrail(queue, events, Optional.of(thread));
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the audit log cannot be written", e);
        }
    }

    /** Whether anything is written at all. */
    public boolean isEnabled() {
        return writer.isPresent();
    }

    /** Whether the next record will be taken, as far as one can know. */
    public boolean isHealthy() {
        return writer.isEmpty() || queue.isOpen();
    }

    /**
     * In sync mode the stage completes when the record is on disk; in async mode it has completed already. It fails with
     * {@code Unavailable} if the record is not kept: then the caller must not be served.
     *
     * <p>What is chained to the stage runs on the writer's thread, so it must be short and must not block. Records of one
     * thread are in the log in their order.
     */
    public CompletionStage<Void> append(AuditRecord record) {
        if (writer.isEmpty()) {
            return WRITTEN;
        }
        var answer = queue.add(record);
        if (AuditQueue.isRefusal(answer)) {
            events.recordRefused();
        }
        return answer;
    }

    /** Takes no more, writes what waits, and seals the log. */
    @Override
    public void close() {
        queue.close();
        try {
            if (writer.isPresent() && !writer.get().join(CLOSE_TIMEOUT)) {
                LOG.log(Level.ERROR, "The audit log was not closed in time; what waited may not be in it");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
