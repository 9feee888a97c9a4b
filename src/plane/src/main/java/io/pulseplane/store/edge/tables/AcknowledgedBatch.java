package io.pulseplane.store.edge.tables;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.RejectionCodec;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.chunk.ByteReader;
import io.pulseplane.vitals.chunk.ByteWriter;
import io.pulseplane.vitals.chunk.CorruptDataException;

/**
 * The receipt of a batch that was stored: a digest, by which the same batch is recognised when it comes again, and what
 * the device was answered.
 *
 * @param rejections as {@link RejectionCodec} encodes them
 */
public record AcknowledgedBatch(long sequence, long digest, int accepted, int duplicates, byte[] rejections) {

    /** The digest, two counts and a length. */
    private static final int MAX_OVERHEAD_BYTES = Long.BYTES + 3 * ByteWriter.MAX_VARINT_BYTES;

    public static AcknowledgedBatch of(ScreenedBatch batch, Acknowledgement acknowledgement) {
        return new AcknowledgedBatch(
                batch.sequence(),
                batch.digest(),
                acknowledgement.accepted(),
                acknowledgement.duplicates(),
                RejectionCodec.encode(acknowledgement.rejections()));
    }

    /** Whether this batch is the same, and has readings to store that were from the future when it first came. */
    public boolean isOutdatedBy(ScreenedBatch repeated) {
        return repeated.digest() == digest
                && !RejectionCodec.isEmpty(rejections)
                && acknowledgement(repeated.device()).isOutdatedBy(repeated);
    }

    public Acknowledgement acknowledgement(String device) {
        return new Acknowledgement(device, sequence, accepted, duplicates, RejectionCodec.decode(rejections));
    }

    /** The result for a batch that the same device sends later with the same sequence. */
    public AppendResult resultFor(ScreenedBatch repeated) {
        return repeated.digest() == digest
                ? new AppendResult.Repeated(acknowledgement(repeated.device()))
                : new AppendResult.SequenceConflict();
    }

    /** Writes everything but the sequence. */
    public void write(ByteWriter out) {
        out.ensureCapacity(MAX_OVERHEAD_BYTES + rejections.length);
        out.putLong(digest);
        out.putVarint(accepted);
        out.putVarint(duplicates);
        out.putVarint(rejections.length);
        out.putBytes(rejections);
    }

    /** @throws CorruptDataException if the bytes are not as {@link #write} wrote them */
    public static AcknowledgedBatch read(long sequence, ByteReader in) {
        return new AcknowledgedBatch(
                sequence,
                in.readLong(),
                in.readVarintUpTo(Integer.MAX_VALUE),
                in.readVarintUpTo(Integer.MAX_VALUE),
                in.readBytes(in.readLength()));
    }
}
