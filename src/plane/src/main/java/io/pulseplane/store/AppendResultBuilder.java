package io.pulseplane.store;

import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Rejection;
import io.pulseplane.vitals.Rejection.Reason;
import io.pulseplane.vitals.ScreenedBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/** Builds the result of one batch, block by block. Every store uses it. */
public final class AppendResultBuilder {

    private final ScreenedBatch batch;
    private final List<Columns> newReadings;
    private final List<Rejection> rejections;
    private int accepted;
    private int duplicates;

    public AppendResultBuilder(ScreenedBatch batch) {
        this.batch = batch;
        this.newReadings = new ArrayList<>(batch.blocks().size());
        this.rejections = new ArrayList<>(batch.rejections());
        this.duplicates = batch.duplicates();
    }

    /** Every reading of the block was new. */
    public void addAllNew(ScreenedBatch.Block block) {
        newReadings.add(block.columns());
        accepted += block.columns().size();
    }

    /**
     * Some readings of the block were not new.
     *
     * @param duplicates indexes in the block of readings that the store has with the same value
     * @param conflicts indexes in the block of readings that the store has with another value
     */
    public void addPartlyNew(ScreenedBatch.Block block, BitSet duplicates, BitSet conflicts) {
        var stored = (BitSet) duplicates.clone();
        stored.or(conflicts);
        int remaining = block.columns().size() - stored.cardinality();
        if (remaining > 0) {
            newReadings.add(without(block.columns(), stored, remaining));
        }
        accepted += remaining;
        this.duplicates += duplicates.cardinality();
        if (!conflicts.isEmpty()) {
            reject(block.columns().series().code(), conflicts.stream().map(block::originalIndexOf));
        }
    }

    private static Columns without(Columns columns, BitSet stored, int remaining) {
        var times = new long[remaining];
        var values = new double[remaining];
        int size = 0;
        for (int i = stored.nextClearBit(0); i < columns.size(); i = stored.nextClearBit(i + 1)) {
            times[size] = columns.times()[i];
            values[size++] = columns.values()[i];
        }
        return new Columns(columns.series(), times, values);
    }

    /**
     * Adds to the entry of the screener if it found conflicts in the same block: each code and reason has one entry.
     */
    private void reject(String code, IntStream indexes) {
        for (int i = 0; i < rejections.size(); i++) {
            var rejection = rejections.get(i);
            if (rejection.code().equals(code) && rejection.reason() == Reason.CONFLICTING_VALUE) {
                var allIndexes = IntStream.concat(Arrays.stream(rejection.indexes()), indexes);
                rejections.set(
                        i,
                        new Rejection(
                                code,
                                Reason.CONFLICTING_VALUE,
                                allIndexes.sorted().toArray()));
                return;
            }
        }
        rejections.add(
                new Rejection(code, Reason.CONFLICTING_VALUE, indexes.sorted().toArray()));
    }

    /** Returns the new readings of the blocks so far. */
    public List<Columns> newReadings() {
        return newReadings;
    }

    /** @param earlier the answer to the same batch when it first came, less readings from the future of then */
    public AppendResult.Stored buildAfter(Acknowledgement earlier) {
        var stored = build();
        return new AppendResult.Stored(earlier.plus(stored.acknowledgement()), stored.newReadings());
    }

    public AppendResult.Stored build() {
        var acknowledgement = new Acknowledgement(batch.device(), batch.sequence(), accepted, duplicates, rejections);
        return new AppendResult.Stored(acknowledgement, newReadings);
    }
}
