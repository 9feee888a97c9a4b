package io.pulseplane.ingest;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.ChangeListener;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.BatchScreener;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Rejection;
import io.pulseplane.vitals.ScreenedBatch;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Takes batches in: screens them, checks registration and assignment, makes them durable, and publishes their readings.
 *
 * <p>The outcome comes after the batch is durable and its readings are published to the latest values and the watchers,
 * so a query after an acknowledgement finds the acknowledged readings. By then the plane has also queued the
 * announcement to the other planes of the site.
 */
public final class Ingest {

    /**
     * The outcome of a batch.
     *
     * @param repeated whether the plane has acknowledged the batch before
     * @param provisional whether the batch is in the spool, and not yet compared with the store
     */
    public record Outcome(Acknowledgement acknowledgement, boolean repeated, boolean provisional) {}

    private final BatchScreener screener;
    private final RegistrationCheck registrationCheck;
    private final AssignmentCheck assignmentCheck;
    private final GroupCommit groupCommit;
    private final ByteBudget budget;
    private final IngestEvents events;
    private final ChangeListener changes;
    private final LongSupplier clock;
    private final BooleanSupplier clockMayBeBehind;

    /**
     * @param changes receives the stored readings of a batch before it is acknowledged
     * @param maxPendingBytes upper bound of the memory of batches that are not durable yet, in bytes
     * @param clock returns microseconds since the epoch
     * @param clockMayBeBehind whether the clock may be behind the true time, so that readings only seem to come from
     * the
     *     future
     */
    public Ingest(
            BatchScreener screener,
            RegistrationCheck registrationCheck,
            AssignmentCheck assignmentCheck,
            Store store,
            ChangeListener changes,
            long maxPendingBytes,
            IngestEvents events,
            LongSupplier clock,
            BooleanSupplier clockMayBeBehind) {
        this.screener = screener;
        this.registrationCheck = registrationCheck;
        this.assignmentCheck = assignmentCheck;
        this.budget = new ByteBudget(maxPendingBytes);
        this.events = events;
        this.changes = changes;
        this.clock = clock;
        this.clockMayBeBehind = clockMayBeBehind;
        this.groupCommit = new GroupCommit(store.readings(), this::publish, events);
    }

    /**
     * Returns the budget of bytes that wait to become durable. If it has no room, an endpoint waits or refuses a batch.
     */
    public ByteBudget budget() {
        return budget;
    }

    public BatchScreener screener() {
        return screener;
    }

    /** Counts a batch that the endpoint refused, because it was malformed or not permitted. */
    public void recordRefusal() {
        events.batchRefused();
    }

    /**
     * Stores a batch. The method does not check the {@link #budget}: the caller must reserve the bytes of the batch
     * before.
     *
     * <p>Fails with {@code AlreadyExists} if the device used the sequence for another batch, with
     * {@code FailedPrecondition} if the patient or device must be registered first, with {@code Unavailable} if
     * readings
     * seem to come from the future and the plane's own clock may be behind, and with any failure of the store.
     * Then nothing of the batch is stored.
     */
    public Uni<Outcome> put(Batch batch) {
        long startNanos = System.nanoTime();
        var screened = screener.screen(batch, clock.getAsLong());
        if (screened.hasRejection(Rejection.Reason.IN_THE_FUTURE) && clockMayBeBehind.getAsBoolean()) {
            events.batchRefused();
            return Uni.createFrom()
                    .failure(new PlaneException.Unavailable(
                            "the plane's clock may be behind, and the batch has readings from after its time;"
                                    + " nothing of the batch is stored, send it again later",
                            null));
        }
        return registrationCheck
                .check(batch)
                .chain(() -> assignmentCheck.check(screened))
                .chain(groupCommit::submit)
                .map(result -> outcome(batch, result, System.nanoTime() - startNanos))
                .onFailure()
                .invoke(events::batchRefused);
    }

    private Outcome outcome(Batch batch, AppendResult result, long nanos) {
        return switch (result) {
            case AppendResult.Stored(var acknowledgement, var _) -> {
                events.batchStored(acknowledgement, nanos);
                yield new Outcome(acknowledgement, false, false);
            }
            case AppendResult.Repeated(var acknowledgement) -> {
                events.batchRepeated(batch.size());
                yield new Outcome(acknowledgement, true, false);
            }
            case AppendResult.Spooled(var acknowledgement, var _, boolean repeated) -> {
                if (repeated) {
                    events.batchRepeated(batch.size());
                } else {
                    events.batchStored(acknowledgement, nanos);
                }
                yield new Outcome(acknowledgement, repeated, true);
            }
            case AppendResult.PatientErased() ->
                throw new PlaneException.FailedPrecondition(
                        "this patient was erased: a new patient with this id must be registered first");
            case AppendResult.PatientUnreadable() ->
                throw new PlaneException.DataLoss(
                        "the key of this patient is damaged or missing on the plane's disk; nothing was stored");
            case AppendResult.SequenceConflict() ->
                throw new PlaneException.AlreadyExists("this device used sequence "
                        + Long.toUnsignedString(batch.sequence()) + " before, for a batch with other content");
        };
    }

    private void publish(ScreenedBatch batch, AppendResult result) {
        switch (result) {
            case AppendResult.Stored stored -> stored.newReadings().forEach(changes::readingsStored);
            case AppendResult.Spooled spooled -> spooled.newReadings().forEach(changes::readingsStored);
            case AppendResult.Repeated(var acknowledgement) -> {
                // If the store rejected readings of the first batch as conflicts, not all readings of the batch are
                // stored.
                if (acknowledgement.rejected() == batch.rejected()) {
                    batch.blocks().forEach(block -> changes.readingsConfirmed(block.columns()));
                }
            }
            case AppendResult.SequenceConflict _, AppendResult.PatientErased _, AppendResult.PatientUnreadable _ -> {
                // Nothing was stored.
            }
        }
    }

    /**
     * Refuses new batches with {@code Unavailable}, and waits until the pending ones are answered; returns whether all
     * were.
     */
    public boolean drain(Duration timeout) {
        return groupCommit.drain(timeout);
    }
}
