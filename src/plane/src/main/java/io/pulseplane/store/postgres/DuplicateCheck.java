package io.pulseplane.store.postgres;

import io.pulseplane.store.AppendResultBuilder;
import io.pulseplane.store.postgres.DeviceTable.Watermark;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Which readings of a group may be there already, in the table or earlier in the group, and which of them are.
 *
 * <p>Devices send readings in order of time, so a block mostly begins after everything its device measured before; then
 * there is nothing to look for, and it costs nothing here.
 */
final class DuplicateCheck {

    private final Set<ScreenedBatch.Block> blocksToCheck = Collections.newSetFromMap(new IdentityHashMap<>());

    /** What is known to be there of the series that have a late block, by time. */
    private final Map<Series, Map<Long, Double>> storedValues = new HashMap<>();

    private DuplicateCheck() {}

    /** @param progress of the devices before these batches */
    static DuplicateCheck of(List<ScreenedBatch> batches, Map<String, Watermark> progress, boolean everything) {
        var contest = new DuplicateCheck();
        var after = new HashMap<>(progress);
        for (var batch : batches) {
            var before = after.get(batch.device());
            for (var block : batch.blocks()) {
                if (everything || block.columns().firstTime() <= before.latestTime()) {
                    contest.blocksToCheck.add(block);
                    contest.storedValues.computeIfAbsent(block.columns().series(), _ -> new HashMap<>());
                }
            }
            after.put(batch.device(), before.advancedBy(batch));
        }
        return contest;
    }

    /** The blocks that have to be looked for in the table. */
    List<Columns> blocksToLookUp() {
        return blocksToCheck.stream()
                .map(ScreenedBatch.Block::columns)
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /** These are in the table. */
    void addStored(List<MeasurementTable.StoredReading> readings, Map<Series, Long> numbers) {
        if (readings.isEmpty()) {
            return;
        }
        var byNumber = storedValues.keySet().stream()
                .filter(numbers::containsKey)
                .collect(Collectors.toMap(numbers::get, Function.identity()));
        for (var reading : readings) {
            storedValues.get(byNumber.get(reading.seriesNumber())).put(reading.time(), reading.value());
        }
    }

    /** Decides over the readings of a block; those of the group are settled in its order. */
    void tallyBlock(ScreenedBatch.Block block, AppendResultBuilder tally) {
        var columns = block.columns();
        var values = storedValues.get(columns.series());
        if (values == null) {
            tally.addAllNew(block);
            return;
        }
        var known = new BitSet(columns.size());
        var conflicting = new BitSet();
        for (int i = 0; i < columns.size(); i++) {
            var value = values.putIfAbsent(columns.times()[i], columns.values()[i]);
            if (value != null) {
                // Double's equals compares what == does not: -0.0 is another value than 0.0.
                (value.equals(columns.values()[i]) ? known : conflicting).set(i);
            }
        }
        if (known.isEmpty() && conflicting.isEmpty()) {
            tally.addAllNew(block);
        } else {
            tally.addPartlyNew(block, known, conflicting);
        }
    }
}
