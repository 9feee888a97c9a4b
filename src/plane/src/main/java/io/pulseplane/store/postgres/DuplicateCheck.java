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
 * Finds the readings of a group that are stored already, in the table or earlier in the group.
 *
 * <p>Devices send readings in order of time, so most blocks begin after the latest time of their device. Such a block
 * cannot have duplicates, and the check does nothing for it.
 */
final class DuplicateCheck {

    private final Set<ScreenedBatch.Block> blocksToCheck = Collections.newSetFromMap(new IdentityHashMap<>());

    /** Stored values by time, of the series that have a block to check. */
    private final Map<Series, Map<Long, Double>> storedValues = new HashMap<>();

    private DuplicateCheck() {}

    /**
     * @param watermarks of the devices, before these batches
     * @param checksEveryReading also checks blocks that begin after the latest time of their device
     */
    static DuplicateCheck of(
            List<ScreenedBatch> batches, Map<String, Watermark> watermarks, boolean checksEveryReading) {
        var check = new DuplicateCheck();
        var current = new HashMap<>(watermarks);
        for (var batch : batches) {
            var before = current.get(batch.device());
            for (var block : batch.blocks()) {
                if (checksEveryReading || block.columns().firstTime() <= before.latestTime()) {
                    check.blocksToCheck.add(block);
                    check.storedValues.computeIfAbsent(block.columns().series(), _ -> new HashMap<>());
                }
            }
            current.put(batch.device(), before.advancedBy(batch));
        }
        return check;
    }

    /** The blocks whose readings must be looked up in the table. */
    List<Columns> blocksToLookUp() {
        return blocksToCheck.stream()
                .map(ScreenedBatch.Block::columns)
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /** Adds readings that are in the table. */
    void addStored(List<MeasurementTable.StoredReading> readings, Map<Series, Long> seriesNumbers) {
        if (readings.isEmpty()) {
            return;
        }
        var byNumber = storedValues.keySet().stream()
                .filter(seriesNumbers::containsKey)
                .collect(Collectors.toMap(seriesNumbers::get, Function.identity()));
        for (var reading : readings) {
            storedValues.get(byNumber.get(reading.seriesNumber())).put(reading.time(), reading.value());
        }
    }

    /** Tallies the readings of a block. Must be called in the order of the group: an earlier block wins. */
    void tallyBlock(ScreenedBatch.Block block, AppendResultBuilder tally) {
        var columns = block.columns();
        var values = storedValues.get(columns.series());
        if (values == null) {
            tally.addAllNew(block);
            return;
        }
        var duplicate = new BitSet(columns.size());
        var conflicting = new BitSet();
        for (int i = 0; i < columns.size(); i++) {
            var value = values.putIfAbsent(columns.times()[i], columns.values()[i]);
            if (value != null) {
                // Double.equals, unlike ==, distinguishes -0.0 from 0.0.
                (value.equals(columns.values()[i]) ? duplicate : conflicting).set(i);
            }
        }
        if (duplicate.isEmpty() && conflicting.isEmpty()) {
            tally.addAllNew(block);
        } else {
            tally.addPartlyNew(block, duplicate, conflicting);
        }
    }
}
