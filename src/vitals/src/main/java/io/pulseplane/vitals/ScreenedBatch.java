package io.pulseplane.vitals;

import io.pulseplane.vitals.Rejection.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
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

        private boolean isWithinOneOf(List<TimeRange> ranges) {
            return ranges.stream()
                    .anyMatch(range -> range.contains(columns.firstTime()) && range.contains(columns.lastTime()));
        }

        private void split(List<TimeRange> ranges, Reason reason, List<Block> kept, List<Rejection> rejections) {
            int size = columns.size();
            var times = new long[size];
            var values = new double[size];
            var keptIndexes = new int[size];
            var rejectedIndexes = new int[size];
            int keptCount = 0;
            int rejectedCount = 0;
            for (int i = 0; i < size; i++) {
                long time = columns.times()[i];
                if (isWithin(ranges, time)) {
                    times[keptCount] = time;
                    values[keptCount] = columns.values()[i];
                    keptIndexes[keptCount++] = originalIndexOf(i);
                } else {
                    rejectedIndexes[rejectedCount++] = originalIndexOf(i);
                }
            }
            if (keptCount > 0) {
                kept.add(new Block(
                        new Columns(
                                columns.series(), Arrays.copyOf(times, keptCount), Arrays.copyOf(values, keptCount)),
                        Arrays.copyOf(keptIndexes, keptCount)));
            }
            var rejected = Arrays.copyOf(rejectedIndexes, rejectedCount);
            Arrays.sort(rejected);
            rejections.add(new Rejection(columns.series().code(), reason, rejected));
        }

        private static boolean isWithin(List<TimeRange> ranges, long time) {
            for (var range : ranges) {
                if (range.contains(time)) {
                    return true;
                }
            }
            return false;
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

    /**
     * Rejects every reading whose time is in none of the ranges. A block whose first and last reading are in one range
     * costs two comparisons, whatever its size.
     */
    public ScreenedBatch rejectUnlessWithin(List<TimeRange> ranges, Reason reason) {
        if (blocks.stream().allMatch(block -> block.isWithinOneOf(ranges))) {
            return this;
        }
        var kept = new ArrayList<Block>(blocks.size());
        var allRejections = new ArrayList<>(rejections);
        for (var block : blocks) {
            if (block.isWithinOneOf(ranges)) {
                kept.add(block);
            } else {
                block.split(ranges, reason, kept, allRejections);
            }
        }
        allRejections.sort(Comparator.comparing(Rejection::code).thenComparing(Rejection::reason));
        return new ScreenedBatch(device, patient, sequence, digest, kept, duplicates, allRejections);
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
