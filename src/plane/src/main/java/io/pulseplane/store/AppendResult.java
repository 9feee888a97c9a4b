package io.pulseplane.store;

import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.Columns;
import java.util.List;

/** The outcome of one batch of a group that is now durable. */
public sealed interface AppendResult {

    /**
     * The batch is stored.
     *
     * @param newReadings the readings that the store did not have before, each series at most once
     */
    record Stored(Acknowledgement acknowledgement, List<Columns> newReadings) implements AppendResult {}

    /** The store has the batch already; the acknowledgement is the first one. */
    record Repeated(Acknowledgement acknowledgement) implements AppendResult {}

    /**
     * The batch is durable in the spool of this plane, because the store of the site does not answer. The plane has not
     * compared its readings with those of the store yet. Readings that the store has already are not stored again.
     *
     * @param newReadings the readings of the batch, each series at most once; empty if the batch is repeated
     * @param repeated whether the batch was in the spool before
     */
    record Spooled(Acknowledgement acknowledgement, List<Columns> newReadings, boolean repeated)
            implements AppendResult {}

    /**
     * The device used this sequence before, for a batch with other content; the store kept nothing of the new batch.
     */
    record SequenceConflict() implements AppendResult {}

    /** The patient was erased, and is not registered again; the store kept nothing of the batch. */
    record PatientErased() implements AppendResult {}

    /**
     * The key of the patient is missing or damaged, and no erasure is on record; the store kept nothing of the batch.
     */
    record PatientUnreadable() implements AppendResult {}
}
