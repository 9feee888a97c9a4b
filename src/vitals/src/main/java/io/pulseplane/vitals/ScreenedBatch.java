package io.pulseplane.vitals;

import java.util.List;

/**
 * A batch after screening: what may be stored, and what may not and why.
 *
 * @param digest {@link Batch#digest()} of the batch as it was sent
 * @param blocks what may be stored; none of them empty
 * @param duplicates readings left out because the batch had them already, with the same value
 * @param rejections readings left out because they are refused
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
     * @param originalIndexes where each reading stood in the block as it was sent; {@code null} if all stand where they stood
     */
    public record Block(Columns columns, int[] originalIndexes) {

        public int originalIndexOf(int index) {
            return originalIndexes == null ? index : originalIndexes[index];
        }
    }

    /** How many readings are refused. */
    public int rejected() {
        return rejections.stream().mapToInt(Rejection::size).sum();
    }

    /** How many readings may be stored. */
    public int size() {
        int size = 0;
        for (var block : blocks) {
            size += block.columns().size();
        }
        return size;
    }
}
