package io.pulseplane.store.edge.keys;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The associated data of everything that is sealed: where it is stored. So a payload that was moved to another row
 * cannot be opened.
 */
public final class AssociatedData {

    private AssociatedData() {}

    /** Of a data key that is wrapped under the node's key. */
    static byte[] ofDataKey(long owner) {
        return ByteBuffer.allocate(1 + Long.BYTES)
                .put((byte) 'k')
                .putLong(owner)
                .array();
    }

    /** Of the {@link KeyCheckValue}. */
    static byte[] ofKeyCheck() {
        return "check".getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Of a batch in the journal.
     *
     * @param index the position of the batch in its entry
     */
    public static byte[] ofJournalBatch(long entry, int index) {
        return ByteBuffer.allocate(1 + Long.BYTES + Integer.BYTES)
                .put((byte) 'j')
                .putLong(entry)
                .putInt(index)
                .array();
    }

    public static byte[] ofChunk(long series, long firstTime, long lastTime, int count) {
        return ByteBuffer.allocate(1 + 3 * Long.BYTES + Integer.BYTES)
                .put((byte) 'c')
                .putLong(series)
                .putLong(firstTime)
                .putLong(lastTime)
                .putInt(count)
                .array();
    }

    static byte[] ofPatient(long number) {
        return ByteBuffer.allocate(1 + Long.BYTES)
                .put((byte) 'p')
                .putLong(number)
                .array();
    }

    public static byte[] ofReceipts(long device, long firstSequence) {
        return ByteBuffer.allocate(1 + 2 * Long.BYTES)
                .put((byte) 'r')
                .putLong(device)
                .putLong(firstSequence)
                .array();
    }

    /** Of the part of a patient in a row of receipts. */
    public static byte[] ofReceiptsOfPatient(long device, long firstSequence, long patient) {
        return ByteBuffer.allocate(1 + 3 * Long.BYTES)
                .put((byte) 'q')
                .putLong(device)
                .putLong(firstSequence)
                .putLong(patient)
                .array();
    }
}
