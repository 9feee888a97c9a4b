package io.pulseplane.store.edge;

import io.pulseplane.store.Receipt;
import io.pulseplane.store.Rejections;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.ScreenedBatch;

/**
 * What is remembered of a batch that was stored: what it was, to know it again, and what was answered.
 *
 * @param rejections as {@link Rejections} has them
 */
record Sent(long sequence, long digest, int accepted, int duplicates, byte[] rejections) {

    static Sent of(ScreenedBatch batch, Acknowledgement acknowledgement) {
        return new Sent(
                batch.sequence(),
                batch.digest(),
                acknowledgement.accepted(),
                acknowledgement.duplicates(),
                Rejections.encode(acknowledgement.rejections()));
    }

    /** What is answered to a batch of this device that comes with the same sequence. */
    Receipt answer(ScreenedBatch again) {
        return again.digest() == digest
                ? new Receipt.Repeated(new Acknowledgement(
                        again.device(), sequence, accepted, duplicates, Rejections.decode(rejections)))
                : new Receipt.SequenceReused();
    }

    void write(ByteSink sink) {
        sink.fixed(digest);
        sink.varint(accepted);
        sink.varint(duplicates);
        sink.varint(rejections.length);
        sink.put(rejections);
    }

    static Sent read(long sequence, ByteSource source) {
        return new Sent(sequence, source.fixed(), source.count(), source.count(), source.bytes(source.length()));
    }
}
