package io.pulseplane.ingest;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.ChangeListener;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.BatchScreener;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.ScreenedBatch;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The way of a batch into the plane.
 *
 * <p>The answer comes when the batch is durable, latest values know of it and watchers have been told, so who asks after
 * an acknowledgement finds what was acknowledged; the other planes of the site are being told by then.
 */
public final class Ingest {

    /**
     * What became of a batch.
     *
     * @param repeated whether the acknowledgement had been given before
     * @param provisional whether it waits on this machine, and has not been compared with what the store has
     */
    public record Outcome(Acknowledgement acknowledgement, boolean repeated, boolean provisional) {}

    private final BatchScreener screener;
    private final RegistrationCheck registrationCheck;
    private final GroupCommit groupCommit;
    private final ByteBudget budget;
    private final IngestEvents events;
    private final ChangeListener changes;
    private final LongSupplier clock;

    /**
     * @param changes told of what was stored before it is acknowledged
     * @param maxPendingBytes bound on batches that are not durable yet, in bytes of memory
     * @param now the clock, in microseconds since the epoch
     */
    public Ingest(
            BatchScreener screening,
            RegistrationCheck registration,
            Store store,
            ChangeListener changes,
            long maxPendingBytes,
            IngestEvents events,
            LongSupplier now) {
        this.screener = screening;
        this.registrationCheck = registration;
        this.budget = new ByteBudget(maxPendingBytes);
        this.events = events;
        this.changes = changes;
        this.clock = now;
        this.groupCommit = new GroupCommit(store.readings(), this::publish, events);
    }

    /** The bytes that wait to become durable; who brings more than fits has to wait, or is sent away. */
    public ByteBudget budget() {
        return budget;
    }

    public BatchScreener screener() {
        return screener;
    }

    /** Notes that a batch was malformed, or not permitted, and never got here. */
    public void recordRefusal() {
        events.batchRefused();
    }

    /**
     * Takes a batch on, whatever the budget says; the caller has asked the {@link #budget} or reserved from it.
     *
     * <p>Fails with {@code AlreadyExists} if the sequence was used for another batch, with {@code FailedPrecondition} if it has to be
     * registered first, and with whatever the store fails with; then nothing of the batch is stored.
     */
    public Uni<Outcome> put(Batch batch) {
        long begun = System.nanoTime();
        var screened = screener.screen(batch, clock.getAsLong());
        return registrationCheck
                .check(batch)
                .chain(() -> groupCommit.submit(screened))
                .map(receipt -> outcome(batch, receipt, System.nanoTime() - begun))
                .onFailure()
                .invoke(events::batchRefused);
    }

    private Outcome outcome(Batch batch, AppendResult receipt, long nanos) {
        return switch (receipt) {
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
                        "this patient was erased: whoever it is now has to be registered first");
            case AppendResult.SequenceConflict() ->
                throw new PlaneException.AlreadyExists("this device used sequence "
                        + Long.toUnsignedString(batch.sequence()) + " before, for a batch with other content");
        };
    }

    private void publish(ScreenedBatch batch, AppendResult receipt) {
        switch (receipt) {
            case AppendResult.Stored stored -> stored.newReadings().forEach(changes::readingsStored);
            case AppendResult.Spooled spooled -> spooled.newReadings().forEach(changes::readingsStored);
            case AppendResult.Repeated(var acknowledgement) -> {
                // If more was refused than is wrong with the batch, not all its readings are those that are stored.
                if (acknowledgement.rejected() == batch.rejected()) {
                    batch.blocks().forEach(block -> changes.readingsConfirmed(block.columns()));
                }
            }
            case AppendResult.SequenceConflict _, AppendResult.PatientErased _ -> {
                // Nothing was stored.
            }
        }
    }

    /** Takes no more, and waits until what was taken is acknowledged. Batches that come later fail with {@code Unavailable}. */
    public boolean drain(Duration atMost) {
        return groupCommit.drain(atMost);
    }
}
