package io.pulseplane.ingest;

import io.pulseplane.store.ChangeListener;
import io.pulseplane.store.Receipt;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Screening;
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

    private final Screening screening;
    private final Registration registration;
    private final GroupCommit commits;
    private final Budget budget;
    private final IngestEvents events;
    private final ChangeListener changes;
    private final LongSupplier now;

    /**
     * @param changes told of what was stored before it is acknowledged
     * @param maxPendingBytes bound on batches that are not durable yet, in bytes of memory
     * @param now the clock, in microseconds since the epoch
     */
    public Ingest(
            Screening screening,
            Registration registration,
            Store store,
            ChangeListener changes,
            long maxPendingBytes,
            IngestEvents events,
            LongSupplier now) {
        this.screening = screening;
        this.registration = registration;
        this.budget = new Budget(maxPendingBytes);
        this.events = events;
        this.changes = changes;
        this.now = now;
        this.commits = new GroupCommit(store.readings(), this::publish, events);
    }

    /** The bytes that wait to become durable; who brings more than fits has to wait, or is sent away. */
    public Budget budget() {
        return budget;
    }

    public Screening screening() {
        return screening;
    }

    /** Notes that a batch was malformed, or not permitted, and never got here. */
    public void refused() {
        events.refused();
    }

    /**
     * Takes a batch on, whatever the budget says; the caller has asked the {@link #budget} or reserved from it.
     *
     * <p>Fails with {@code AlreadyExists} if the sequence was used for another batch, with {@code Unmet} if it has to be
     * registered first, and with whatever the store fails with; then nothing of the batch is stored.
     */
    public Uni<Outcome> put(Batch batch) {
        long begun = System.nanoTime();
        var screened = screening.screen(batch, now.getAsLong());
        return registration
                .check(batch)
                .chain(() -> commits.submit(screened))
                .map(receipt -> outcome(batch, receipt, System.nanoTime() - begun))
                .onFailure()
                .invoke(events::refused);
    }

    private Outcome outcome(Batch batch, Receipt receipt, long nanos) {
        return switch (receipt) {
            case Receipt.Stored(var acknowledgement, var _) -> {
                events.stored(acknowledgement, nanos);
                yield new Outcome(acknowledgement, false, false);
            }
            case Receipt.Repeated(var acknowledgement) -> {
                events.repeated(batch.size());
                yield new Outcome(acknowledgement, true, false);
            }
            case Receipt.Spooled(var acknowledgement, var _, boolean repeated) -> {
                if (repeated) {
                    events.repeated(batch.size());
                } else {
                    events.stored(acknowledgement, nanos);
                }
                yield new Outcome(acknowledgement, repeated, true);
            }
            case Receipt.PatientErased() ->
                throw new Problem.Unmet("this patient was erased: whoever it is now has to be registered first");
            case Receipt.SequenceReused() ->
                throw new Problem.AlreadyExists("this device used sequence " + Long.toUnsignedString(batch.sequence())
                        + " before, for a batch with other content");
        };
    }

    private void publish(ScreenedBatch batch, Receipt receipt) {
        switch (receipt) {
            case Receipt.Stored stored -> stored.fresh().forEach(changes::readingsStored);
            case Receipt.Spooled spooled -> spooled.fresh().forEach(changes::readingsStored);
            case Receipt.Repeated(var acknowledgement) -> {
                // If more was refused than is wrong with the batch, not all its readings are those that are stored.
                if (acknowledgement.rejected() == batch.rejected()) {
                    batch.blocks().forEach(block -> changes.readingsConfirmed(block.columns()));
                }
            }
            case Receipt.SequenceReused _, Receipt.PatientErased _ -> {
                // Nothing was stored.
            }
        }
    }

    /** Takes no more, and waits until what was taken is acknowledged. Batches that come later fail with {@code Unavailable}. */
    public boolean drain(Duration atMost) {
        return commits.drain(atMost);
    }
}
