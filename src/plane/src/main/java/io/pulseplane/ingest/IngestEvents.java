package io.pulseplane.ingest;

import io.pulseplane.vitals.Acknowledgement;

/** What happens during ingest, for those who count. Called often, from several threads; must not block. */
public interface IngestEvents {

    /** A batch became durable. @param nanos from its arrival on */
    void batchStored(Acknowledgement acknowledgement, long nanos);

    /** A batch came again. */
    void batchRepeated(int readings);

    /** A group became durable. @param nanos from when the store was given it */
    void groupCommitted(int batches, long nanos);

    /** A batch was refused as a whole, whatever the reason. */
    void batchRefused();
}
