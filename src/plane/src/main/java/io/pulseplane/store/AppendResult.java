package io.pulseplane.store;

import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.Columns;
import java.util.List;

/** What became of one batch of a group that is now durable. */
public sealed interface AppendResult {

    /**
     * The batch is stored.
     *
     * @param newReadings the readings the store did not have before, each series at most once
     */
    record Stored(Acknowledgement acknowledgement, List<Columns> newReadings) implements AppendResult {}

    /** The batch had been stored before; the acknowledgement is the one of the first time. */
    record Repeated(Acknowledgement acknowledgement) implements AppendResult {}

    /**
     * The batch is durable on this machine, and waits for the store of the site, which does not answer. Its readings have
     * not been compared with those the store has: what turns out to be there already is not stored again.
     *
     * @param newReadings the readings of the batch, each series at most once; none if it was here before
     * @param repeated whether this very batch was waiting already
     */
    record Spooled(Acknowledgement acknowledgement, List<Columns> newReadings, boolean repeated)
            implements AppendResult {}

    /** The device used this sequence before, for a batch with other content; nothing is stored. */
    record SequenceConflict() implements AppendResult {}

    /** The patient was erased, and has not been registered again; nothing is stored. */
    record PatientErased() implements AppendResult {}
}
