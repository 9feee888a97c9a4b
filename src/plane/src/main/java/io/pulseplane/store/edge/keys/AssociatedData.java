package io.pulseplane.store.edge.keys;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Where something sealed lies. It is bound to it: moved elsewhere, it cannot be opened. */
public final class AssociatedData {

    private AssociatedData() {}

    /** A data key, under the key of the node. */
    static byte[] ofDataKey(long owner) {
        return ByteBuffer.allocate(1 + Long.BYTES)
                .put((byte) 'k')
                .putLong(owner)
                .array();
    }

    /** What is opened first, to tell whether the keys are those of the database. */
    static byte[] ofKeyCheck() {
        return "check".getBytes(StandardCharsets.US_ASCII);
    }

    /** A batch in the journal. */
    public static byte[] ofJournalBatch(long entry, int index) {
        return ByteBuffer.allocate(1 + Long.BYTES + Integer.BYTES)
                .put((byte) 'j')
                .putLong(entry)
                .putInt(index)
                .array();
    }

    public static byte[] ofChunk(long series, long first, long last, int count) {
        return ByteBuffer.allocate(1 + 3 * Long.BYTES + Integer.BYTES)
                .put((byte) 'c')
                .putLong(series)
                .putLong(first)
                .putLong(last)
                .putInt(count)
                .array();
    }

    static byte[] ofPatient(long number) {
        return ByteBuffer.allocate(1 + Long.BYTES)
                .put((byte) 'p')
                .putLong(number)
                .array();
    }

    public static byte[] ofReceipts(long device, long first) {
        return ByteBuffer.allocate(1 + 2 * Long.BYTES)
                .put((byte) 'r')
                .putLong(device)
                .putLong(first)
                .array();
    }
}
