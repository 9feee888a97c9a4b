package io.pulseplane.store.edge.tables;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.RejectionCodec;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.ScreenedBatch;

/**
 * What is remembered of a batch that was stored: what it was, to know it again, and what was answered.
 *
 * @param rejections as {@link RejectionCodec} has them
 */
public record AcknowledgedBatch(long sequence, long digest, int accepted, int duplicates, byte[] rejections) {

    public static AcknowledgedBatch of(ScreenedBatch batch, Acknowledgement acknowledgement) {
        return new AcknowledgedBatch(
                batch.sequence(),
                batch.digest(),
                acknowledgement.accepted(),
                acknowledgement.duplicates(),
                RejectionCodec.encode(acknowledgement.rejections()));
    }

    /** What is answered to a batch of this device that comes with the same sequence. */
    public AppendResult resultFor(ScreenedBatch again) {
        return again.digest() == digest
                ? new AppendResult.Repeated(new Acknowledgement(
                        again.device(), sequence, accepted, duplicates, RejectionCodec.decode(rejections)))
                : new AppendResult.SequenceConflict();
    }

    public void write(ByteWriter sink) {
        sink.putLong(digest);
        sink.putVarint(accepted);
        sink.putVarint(duplicates);
        sink.putVarint(rejections.length);
        sink.put(rejections);
    }

    public static AcknowledgedBatch read(long sequence, ByteReader source) {
        return new AcknowledgedBatch(
                sequence,
                source.readLong(),
                source.readCount(),
                source.readCount(),
                source.readBytes(source.readLength()));
    }
}
