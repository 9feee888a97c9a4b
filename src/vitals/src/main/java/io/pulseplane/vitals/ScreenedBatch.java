package io.pulseplane.vitals;

import java.util.List;

/**
 * A batch after screening: the readings that the store may keep, and the rejections.
 *
 * @param digest {@link Batch#digest()} of the batch as the device sent it
 * @param blocks the readings that the store may keep; no block is empty
 * @param duplicates number of readings left out because the batch had them already, with the same value
 * @param rejections the readings left out because they are rejected
 */
public record ScreenedBatch(
        String device,
        String patient,
        long sequence,
        long digest,
        List<Block> blocks,
        int duplicates,
        List<Rejection> rejections) {

    /**
     * Readings of one series, strictly ascending in time.
     *
     * @param originalIndexes the index of each reading in the block as the device sent it; {@code null} if every
     *     reading still has its index
     */
    public record Block(Columns columns, int[] originalIndexes) {

        public int originalIndexOf(int index) {
            return originalIndexes == null ? index : originalIndexes[index];
        }
    }

    /** Returns the number of rejected readings. */
    public int rejected() {
        return rejections.stream().mapToInt(Rejection::size).sum();
    }

    /** Returns whether a reading was rejected for this reason. */
    public boolean hasRejection(Rejection.Reason reason) {
        return Rejection.contains(rejections, reason);
    }

    /** Returns the number of readings that the store may keep. */
    public int size() {
        int size = 0;
        for (var block : blocks) {
            size += block.columns().size();
        }
        return size;
    }
}
