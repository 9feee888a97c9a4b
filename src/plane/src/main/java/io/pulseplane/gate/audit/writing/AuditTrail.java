package io.pulseplane.gate.audit.writing;

import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.SigningKey;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The record of every access and every refusal. One thread writes it, and it only grows at its end.
 *
 * <p>The trail is closed by default: when it cannot be written, it refuses every record, and the gate refuses the call.
 * It keeps trying, and takes records again as soon as it can write them.
 */
public final class AuditTrail implements AutoCloseable {

    /**
     * The result of a record whose call need not wait. There is one instance, so that callers can compare references.
     */
    public static final CompletionStage<Void> WRITTEN = CompletableFuture.completedStage(null);

    private static final System.Logger LOG = System.getLogger(AuditTrail.class.getName());

    /** {@link #close} gives up after this time; a disk that takes longer to sync the waiting records hangs. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

    private final AuditQueue queue;
    private final AuditEvents events;

    /** Empty in mode {@code OFF}. */
    private final Optional<Thread> writer;

    private AuditTrail(AuditQueue queue, AuditEvents events, Optional<Thread> writer) {
        this.queue = queue;
        this.events = events;
        this.writer = writer;
    }

    /**
     * Opens the trail. Creates the trail, its directory and the node's key if they do not exist. A trail that was not
     * closed continues after its last complete group. Blocks. The caller makes sure that only one plane has the trail
     * open.
     *
     * @param clock microseconds since the epoch
     * @param retentionTime the time by which segments may be removed for their age; empty while the clock is in doubt.
     *     The writer's thread calls it
     * @throws PlaneException.DataLoss if the trail is not as it was written; nothing is changed then
     * @throws PlaneException.FailedPrecondition if the node's key cannot be used
     * @throws PlaneException.Unavailable if the directory cannot be written to
     */
    public static AuditTrail open(
            AuditSettings settings, LongSupplier clock, Supplier<OptionalLong> retentionTime, AuditEvents events) {
        return open(settings, clock, retentionTime, events, SegmentFile.OnDisk.OPENER);
    }

    /** As the method with all parameters. The clock is never in doubt. */
    public static AuditTrail open(AuditSettings settings, LongSupplier clock, AuditEvents events) {
        return open(settings, clock, events, SegmentFile.OnDisk.OPENER);
    }

    static AuditTrail open(AuditSettings settings, LongSupplier clock, AuditEvents events, SegmentFile.Opener opener) {
        return open(settings, clock, () -> OptionalLong.of(clock.getAsLong()), events, opener);
    }

    private static AuditTrail open(
            AuditSettings settings,
            LongSupplier clock,
            Supplier<OptionalLong> retentionTime,
            AuditEvents events,
            SegmentFile.Opener opener) {
        var queue = new AuditQueue(settings);
        if (settings.mode() == AuditSettings.Mode.OFF) {
            return new AuditTrail(queue, events, Optional.empty());
        }
        try {
            var directory = AuditDirectory.create(settings.directory(), settings.access());
            var key = SigningKey.open(settings.signingKey(), settings.directory());
            var recovery = TrailRecovery.recover(directory, key, clock.getAsLong());
            var writer = new TrailWriter(settings, directory, key, recovery.end(), opener, clock);
            var loop = new WriterLoop(
                    settings, queue, writer, directory, key, clock, retentionTime, events, recovery.marks());
            var thread = Thread.ofPlatform().name("pulseplane-audit").daemon().start(loop);
            return new AuditTrail(queue, events, Optional.of(thread));
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the audit trail cannot be written", e);
        }
    }

    /** Whether records are written; false in mode {@code OFF}. */
    public boolean isEnabled() {
        return writer.isPresent();
    }

    /**
     * Whether the trail takes records now. It may still refuse the next one, because the queue is full or the disk
     * fails.
     */
    public boolean isHealthy() {
        return writer.isEmpty() || queue.isOpen();
    }

    /**
     * Appends a record. In sync mode the stage completes when the record is on disk; in async mode it is complete
     * already. The stage fails with {@code Unavailable} if the trail does not keep the record: the call must then be
     * refused.
     *
     * <p>Dependent stages run on the writer's thread, so they must be short and must not block. The trail keeps the
     * order of the records of one thread.
     */
    public CompletionStage<Void> append(AuditRecord record) {
        if (writer.isEmpty()) {
            return WRITTEN;
        }
        var completion = queue.add(record);
        if (AuditQueue.isRefusal(completion)) {
            events.recordRefused();
        }
        return completion;
    }

    /** Refuses new records, writes the waiting ones, and seals the trail. */
    @Override
    public void close() {
        queue.close();
        try {
            if (writer.isPresent() && !writer.get().join(CLOSE_TIMEOUT)) {
                LOG.log(
                        Level.ERROR,
                        "The audit trail was not closed in time; the records that waited may be missing in it");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
