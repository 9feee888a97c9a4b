package io.pulseplane.ingest;

import io.pulseplane.vitals.Acknowledgement;

/** Receives the events of ingest, for metrics. Several threads call it, often; it must not block. */
public interface IngestEvents {

    /**
     * A batch became durable.
     *
     * @param nanos time since its arrival
     */
    void batchStored(Acknowledgement acknowledgement, long nanos);

    /** A batch arrived again. */
    void batchRepeated(int readings);

    /**
     * A group became durable.
     *
     * @param nanos time since the store received it
     */
    void groupCommitted(int batches, long nanos);

    /** A batch was refused as a whole, whatever the reason. */
    void batchRefused();
}
