package io.pulseplane.store.postgres;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.AppendResultBuilder;
import io.pulseplane.store.postgres.BatchTable.AcknowledgedBatch;
import io.pulseplane.store.postgres.BatchTable.BatchKey;
import io.pulseplane.store.postgres.BatchTable.ReceiptKey;
import io.pulseplane.store.postgres.DeviceTable.Watermark;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Stores one group in one transaction, with three or four pipelines of statements.
 *
 * <p>The first finds the batches whose patients were erased; they are not stored. The second inserts rows for new
 * patients and devices, locks the devices in order of their ids, and then looks up which batches are stored already.
 * Everything that another plane could store at the same time belongs to one of these devices, so nothing changes after
 * the lock. Deadlocks are impossible: new rows are inserted in order before existing rows are locked, and nobody can
 * lock an uncommitted row.
 *
 * <p>The third, which is mostly not needed, inserts new series and looks up readings that may be stored already. It
 * looks only for blocks that begin at or before the latest time of their device. The fourth stores everything and
 * commits.
 */
final class GroupAppend {

    private final PostgresSession session;
    private final IdCache ids;
    private final Duration timeout;
    private final long time;
    private final boolean checksEveryReading;

    private final Map<BatchKey, AcknowledgedBatch> acknowledged = new HashMap<>();
    private final Map<String, ReceiptKey> receiptKeys = new HashMap<>();
    private final Map<Series, Long> seriesNumbers = new HashMap<>();
    private final Map<String, Watermark> watermarks = new TreeMap<>();
    private final Set<String> devicesWithNewBatches = new TreeSet<>();

    /** Batches of which readings are stored now that were from the future when the batches first came. */
    private final Set<BatchKey> storedBefore = new HashSet<>();

    /** Rows that are in the cache are missing in the database. Nothing was stored. */
    static final class StaleCacheException extends Exception {
        private static final long serialVersionUID = 1L;
    }

    /**
     * @param time time of storage, microseconds since the epoch
     * @param checksEveryReading looks up every reading, also those after the latest time of their device
     */
    GroupAppend(PostgresSession session, IdCache ids, Duration timeout, long time, boolean checksEveryReading) {
        this.session = session;
        this.ids = ids;
        this.timeout = timeout;
        this.time = time;
        this.checksEveryReading = checksEveryReading;
    }

    List<AppendResult> store(List<ScreenedBatch> group) throws Exception {
        try {
            var erased = beginAndFindErased(group);
            var present = group.stream()
                    .filter(batch -> !erased.contains(batch.patient()))
                    .toList();
            return mergeReceipts(group, erased, storePresent(present).iterator());
        } catch (Exception failure) {
            // Does not wait for the answer, because the connection may hang. The next user's statements come after this
            // one.
            session.rollBack();
            throw failure;
        }
    }

    private List<AppendResult> storePresent(List<ScreenedBatch> group) throws Exception {
        if (group.isEmpty()) {
            session.rollBack();
            return List.of();
        }
        lockAndLookUp(group);
        var fresh = withoutAcknowledged(group);
        var check = DuplicateCheck.of(fresh, watermarks, checksEveryReading);
        prepare(fresh, check);
        var receipts = receipts(group, check);
        commit(group, receipts);
        cacheIds(group);
        return receipts;
    }

    private static List<AppendResult> mergeReceipts(
            List<ScreenedBatch> group, Set<String> erased, Iterator<AppendResult> receiptsOfOthers) {
        return group.stream()
                .map(batch ->
                        erased.contains(batch.patient()) ? new AppendResult.PatientErased() : receiptsOfOthers.next())
                .toList();
    }

    /**
     * Begins the transaction and finds the patients who were erased and not registered again. Locks the rows of the
     * other patients against deletion, so that an erasure waits for this group.
     */
    private Set<String> beginAndFindErased(List<ScreenedBatch> group) throws Exception {
        var patients = new TreeSet<String>();
        group.forEach(batch -> patients.add(batch.patient()));
        var pipeline = new StatementPipeline(timeout);
        pipeline.add(session.begin());
        var existing = pipeline.add(PatientTable.lockExisting(session, patients));
        var everErased = pipeline.add(ErasureTable.erasedAmong(session, patients));
        pipeline.awaitAll();
        // Another plane may have erased them. If they came back since, their series have other numbers.
        if (!everErased.result().isEmpty()) {
            ids.seriesNumbers.keySet().removeIf(series -> everErased.result().contains(series.patient()));
        }
        receiptKeys.putAll(existing.result());
        patients.removeAll(existing.result().keySet());
        ids.patients.keySet().removeAll(patients);
        patients.retainAll(everErased.result());
        return patients;
    }

    private void lockAndLookUp(List<ScreenedBatch> group) throws Exception {
        var patients = new TreeSet<String>();
        var devices = new TreeSet<String>();
        var newDevices = new TreeMap<String, String>();
        var unknownSeries = new LinkedHashSet<Series>();
        for (var batch : group) {
            patients.add(batch.patient());
            if (devices.add(batch.device()) && !ids.devices.containsKey(batch.device())) {
                newDevices.put(batch.device(), batch.patient());
            }
            for (var block : batch.blocks()) {
                resolveSeries(block.columns().series(), unknownSeries);
            }
        }
        patients.removeIf(ids.patients::containsKey);

        var pipeline = new StatementPipeline(timeout);
        if (!patients.isEmpty()) {
            pipeline.add(PatientTable.register(session, patients, time));
            pipeline.add(PatientTable.lockExisting(session, patients).onSuccess(receiptKeys::putAll));
        }
        if (!newDevices.isEmpty()) {
            pipeline.add(DeviceTable.register(session, newDevices, time));
        }
        var lockedDevices = pipeline.add(DeviceTable.lock(session, devices));
        var storedBatches = pipeline.add(BatchTable.findAcknowledged(session, group));
        var foundNumbers = pipeline.add(
                unknownSeries.isEmpty()
                        ? Future.succeededFuture(Map.<Series, Long>of())
                        : SeriesTable.findNumbers(session, unknownSeries));
        pipeline.awaitAll();
        watermarks.putAll(lockedDevices.result());
        acknowledged.putAll(storedBatches.result());
        seriesNumbers.putAll(foundNumbers.result());
        if (watermarks.size() < devices.size()
                || !group.stream().map(ScreenedBatch::patient).allMatch(receiptKeys::containsKey)) {
            throw new StaleCacheException();
        }
    }

    private void resolveSeries(Series series, Set<Series> unknown) {
        if (!seriesNumbers.containsKey(series)) {
            var number = ids.seriesNumbers.get(series);
            if (number == null) {
                unknown.add(series);
            } else {
                seriesNumbers.put(series, number);
            }
        }
    }

    /**
     * The batches to store: the first of every sequence that is not stored yet, or that has readings to store which
     * were
     * from the future when it first came.
     */
    private List<ScreenedBatch> withoutAcknowledged(List<ScreenedBatch> group) {
        var keys = new LinkedHashSet<>(acknowledged.keySet());
        for (var batch : group) {
            var earlier = acknowledged.get(BatchKey.of(batch));
            if (earlier != null && earlier.isOutdatedBy(batch, keyOf(batch))) {
                keys.remove(BatchKey.of(batch));
            }
        }
        return group.stream().filter(batch -> keys.add(BatchKey.of(batch))).toList();
    }

    private void prepare(List<ScreenedBatch> fresh, DuplicateCheck check) throws Exception {
        var newSeries = new LinkedHashSet<Series>();
        for (var batch : fresh) {
            for (var block : batch.blocks()) {
                if (!seriesNumbers.containsKey(block.columns().series())) {
                    newSeries.add(block.columns().series());
                }
            }
        }
        // A series without a number has no readings.
        var blocksToLookUp = check.blocksToLookUp().stream()
                .filter(columns -> seriesNumbers.containsKey(columns.series()))
                .toList();
        var pipeline = new StatementPipeline(timeout);
        if (!newSeries.isEmpty()) {
            pipeline.add(SeriesTable.add(session, newSeries).onSuccess(seriesNumbers::putAll));
        }
        var foundReadings = ColumnArrays.split(blocksToLookUp).stream()
                .map(portion -> pipeline.add(MeasurementTable.find(session, ColumnArrays.of(portion, seriesNumbers))))
                .toList();
        pipeline.awaitAll();
        if (!seriesNumbers.keySet().containsAll(newSeries)) {
            throw new StaleCacheException();
        }
        foundReadings.forEach(readings -> check.addStored(readings.result(), seriesNumbers));
    }

    private List<AppendResult> receipts(List<ScreenedBatch> group, DuplicateCheck check) {
        var receipts = new ArrayList<AppendResult>(group.size());
        for (var batch : group) {
            var earlier = acknowledged.get(BatchKey.of(batch));
            if (earlier != null && !earlier.isOutdatedBy(batch, keyOf(batch))) {
                receipts.add(earlier.receiptFor(batch, keyOf(batch)));
            } else {
                var receipt = tally(batch, earlier, check);
                if (earlier != null) {
                    storedBefore.add(BatchKey.of(batch));
                }
                acknowledged.put(
                        BatchKey.of(batch),
                        earlier == null
                                ? AcknowledgedBatch.of(batch, keyOf(batch), receipt.acknowledgement())
                                : earlier.with(receipt.acknowledgement()));
                watermarks.compute(batch.device(), (_, before) -> before.advancedBy(batch));
                devicesWithNewBatches.add(batch.device());
                receipts.add(receipt);
            }
        }
        return receipts;
    }

    private ReceiptKey keyOf(ScreenedBatch batch) {
        return receiptKeys.get(batch.patient());
    }

    private static AppendResult.Stored tally(ScreenedBatch batch, AcknowledgedBatch earlier, DuplicateCheck check) {
        var tally = new AppendResultBuilder(batch);
        for (var block : batch.blocks()) {
            check.tallyBlock(block, tally);
        }
        return earlier == null ? tally.build() : tally.buildAfter(earlier.acknowledgement());
    }

    private void commit(List<ScreenedBatch> group, List<AppendResult> receipts) throws Exception {
        var columns = new ArrayList<Columns>();
        var added = new ArrayList<AcknowledgedBatch>();
        var replaced = new ArrayList<AcknowledgedBatch>();
        for (int i = 0; i < receipts.size(); i++) {
            if (receipts.get(i) instanceof AppendResult.Stored(var acknowledgement, var fresh)) {
                columns.addAll(fresh);
                var key = BatchKey.of(group.get(i));
                var batches = storedBefore.contains(key) ? replaced : added;
                batches.add(acknowledged.get(key).with(acknowledgement));
            }
        }
        var pipeline = new StatementPipeline(timeout);
        for (var portion : ColumnArrays.split(columns)) {
            pipeline.add(MeasurementTable.add(session, ColumnArrays.of(portion, seriesNumbers), time));
        }
        if (!replaced.isEmpty()) {
            pipeline.add(BatchTable.replace(session, replaced));
        }
        if (!added.isEmpty()) {
            pipeline.add(BatchTable.add(session, added, time));
        }
        if (!devicesWithNewBatches.isEmpty()) {
            watermarks.keySet().retainAll(devicesWithNewBatches);
            pipeline.add(DeviceTable.updateWatermarks(session, watermarks, time));
        }
        pipeline.add(session.commit());
        pipeline.awaitAll();
    }

    private void cacheIds(List<ScreenedBatch> group) {
        for (var batch : group) {
            ids.patients.put(batch.patient(), true);
            ids.devices.put(batch.device(), true);
        }
        ids.seriesNumbers.putAll(seriesNumbers);
    }
}
