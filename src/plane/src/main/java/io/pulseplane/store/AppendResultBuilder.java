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

/** Adds up, block by block, what became of the readings of one batch; the same for every store. */
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
     * @param known positions in the block of readings the store had with the same value
     * @param conflicting positions in the block of readings the store had with another value
     */
    public void addPartlyNew(ScreenedBatch.Block block, BitSet known, BitSet conflicting) {
        var old = (BitSet) known.clone();
        old.or(conflicting);
        int remaining = block.columns().size() - old.cardinality();
        if (remaining > 0) {
            newReadings.add(without(block.columns(), old, remaining));
        }
        accepted += remaining;
        duplicates += known.cardinality();
        if (!conflicting.isEmpty()) {
            reject(block.columns().series().code(), conflicting.stream().map(block::originalIndexOf));
        }
    }

    private static Columns without(Columns columns, BitSet old, int remaining) {
        var times = new long[remaining];
        var values = new double[remaining];
        int size = 0;
        for (int i = old.nextClearBit(0); i < columns.size(); i = old.nextClearBit(i + 1)) {
            times[size] = columns.times()[i];
            values[size++] = columns.values()[i];
        }
        return new Columns(columns.series(), times, values);
    }

    /** Screening may have found conflicts in the same block already; there is one entry per code and reason. */
    private void reject(String code, IntStream origins) {
        for (int i = 0; i < rejections.size(); i++) {
            var rejection = rejections.get(i);
            if (rejection.code().equals(code) && rejection.reason() == Reason.CONFLICTING_VALUE) {
                var all = IntStream.concat(Arrays.stream(rejection.indexes()), origins);
                rejections.set(
                        i,
                        new Rejection(
                                code, Reason.CONFLICTING_VALUE, all.sorted().toArray()));
                return;
            }
        }
        rejections.add(
                new Rejection(code, Reason.CONFLICTING_VALUE, origins.sorted().toArray()));
    }

    /** The readings that were new so far, a block each. */
    public List<Columns> newReadings() {
        return newReadings;
    }

    public AppendResult.Stored build() {
        var acknowledgement = new Acknowledgement(batch.device(), batch.sequence(), accepted, duplicates, rejections);
        return new AppendResult.Stored(acknowledgement, newReadings);
    }
}
