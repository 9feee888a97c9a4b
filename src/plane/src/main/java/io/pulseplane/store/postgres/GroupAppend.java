package io.pulseplane.store.postgres;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.AppendResultBuilder;
import io.pulseplane.store.postgres.BatchTable.AcknowledgedBatch;
import io.pulseplane.store.postgres.BatchTable.BatchKey;
import io.pulseplane.store.postgres.DeviceTable.Watermark;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One group in one transaction, in three or four flights of statements.
 *
 * <p>The first finds out whose batches are not to be stored, because they were erased. The second makes rows for patients and devices that are new, locks the devices in order of their ids, and then looks
 * up which batches were stored before. Whatever another plane could store at the same time belongs to one of these
 * devices, so from there on nothing changes under us, and nobody can wait for us whom we wait for: new rows are made in
 * order before anything that was there is locked, and nobody can lock a row that is not committed.
 *
 * <p>The third, which is mostly not needed, gives numbers to series that are new and looks for readings that are there
 * already. Only blocks that do not begin after everything their device ever measured are looked for. The fourth stores
 * all of it and commits.
 */
final class GroupAppend {

    private final PostgresSession session;
    private final IdCache ids;
    private final Duration timeout;
    private final long time;
    private final boolean checksEveryReading;

    private final Map<BatchKey, AcknowledgedBatch> acknowledged = new HashMap<>();
    private final Map<Series, Long> seriesNumbers = new HashMap<>();
    private final Map<String, Watermark> watermarks = new TreeMap<>();
    private final Set<String> devicesWithNewBatches = new TreeSet<>();

    /** Somebody removed rows that are never removed; nothing is stored. */
    static final class StaleCacheException extends Exception {
        private static final long serialVersionUID = 1L;
    }

    /**
     * @param time when it is stored
     * @param mistrust looks for every reading, whatever is known of its device
     */
    GroupAppend(PostgresSession session, IdCache known, Duration patience, long time, boolean mistrust) {
        this.session = session;
        this.ids = known;
        this.timeout = patience;
        this.time = time;
        this.checksEveryReading = mistrust;
    }

    List<AppendResult> store(List<ScreenedBatch> group) throws Exception {
        try {
            var gone = beginAndFindErased(group);
            var present = group.stream()
                    .filter(batch -> !gone.contains(batch.patient()))
                    .toList();
            return mergeReceipts(group, gone, storePresent(present).iterator());
        } catch (Exception failure) {
            // Sent and not waited for: on a connection that hangs there would be no end to it, and whoever gets the
            // connection next comes after it.
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
        var contest = DuplicateCheck.of(fresh, watermarks, checksEveryReading);
        prepare(fresh, contest);
        var receipts = receipts(group, contest);
        commit(group, receipts);
        cacheIds(group);
        return receipts;
    }

    private static List<AppendResult> mergeReceipts(
            List<ScreenedBatch> group, Set<String> gone, Iterator<AppendResult> others) {
        return group.stream()
                .map(batch -> gone.contains(batch.patient()) ? new AppendResult.PatientErased() : others.next())
                .toList();
    }

    /**
     * Begins, and says who of the patients was erased and not registered again. Who is erased from now on waits for the
     * group: the rows of its patients are held, if only against being deleted.
     */
    private Set<String> beginAndFindErased(List<ScreenedBatch> group) throws Exception {
        var patients = new TreeSet<String>();
        group.forEach(batch -> patients.add(batch.patient()));
        var flight = new StatementPipeline(timeout);
        flight.add(session.begin());
        var there = flight.add(PatientTable.lockExisting(session, patients));
        var once = flight.add(ErasureTable.erasedAmong(session, patients));
        flight.awaitAll();
        // Somebody else may have erased them, and they may have come back since, with other numbers for their series.
        if (!once.result().isEmpty()) {
            ids.seriesNumbers.keySet().removeIf(series -> once.result().contains(series.patient()));
        }
        patients.removeAll(there.result());
        ids.patients.keySet().removeAll(patients);
        patients.retainAll(once.result());
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

        var flight = new StatementPipeline(timeout);
        if (!patients.isEmpty()) {
            flight.add(PatientTable.register(session, patients, time));
        }
        if (!newDevices.isEmpty()) {
            flight.add(DeviceTable.register(session, newDevices, time));
        }
        var locked = flight.add(DeviceTable.lock(session, devices));
        var earlier = flight.add(BatchTable.findAcknowledged(session, group));
        var found = flight.add(
                unknownSeries.isEmpty()
                        ? Future.succeededFuture(Map.<Series, Long>of())
                        : SeriesTable.findNumbers(session, unknownSeries));
        flight.awaitAll();
        watermarks.putAll(locked.result());
        acknowledged.putAll(earlier.result());
        seriesNumbers.putAll(found.result());
        if (watermarks.size() < devices.size()) {
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

    /** The batches that are to be stored: the first of every sequence that is not stored yet. */
    private List<ScreenedBatch> withoutAcknowledged(List<ScreenedBatch> group) {
        var keys = new LinkedHashSet<>(acknowledged.keySet());
        return group.stream().filter(batch -> keys.add(BatchKey.of(batch))).toList();
    }

    private void prepare(List<ScreenedBatch> fresh, DuplicateCheck contest) throws Exception {
        var added = new LinkedHashSet<Series>();
        for (var batch : fresh) {
            for (var block : batch.blocks()) {
                if (!seriesNumbers.containsKey(block.columns().series())) {
                    added.add(block.columns().series());
                }
            }
        }
        // A series without a number has no readings.
        var late = contest.blocksToLookUp().stream()
                .filter(columns -> seriesNumbers.containsKey(columns.series()))
                .toList();
        var flight = new StatementPipeline(timeout);
        if (!added.isEmpty()) {
            flight.add(SeriesTable.add(session, added).onSuccess(seriesNumbers::putAll));
        }
        var found = ColumnArrays.split(late).stream()
                .map(portion -> flight.add(MeasurementTable.find(session, ColumnArrays.of(portion, seriesNumbers))))
                .toList();
        flight.awaitAll();
        if (!seriesNumbers.keySet().containsAll(added)) {
            throw new StaleCacheException();
        }
        found.forEach(readings -> contest.addStored(readings.result(), seriesNumbers));
    }

    private List<AppendResult> receipts(List<ScreenedBatch> group, DuplicateCheck contest) {
        var receipts = new ArrayList<AppendResult>(group.size());
        for (var batch : group) {
            var earlier = acknowledged.get(BatchKey.of(batch));
            if (earlier != null) {
                receipts.add(earlier.receiptFor(batch));
            } else {
                var receipt = tally(batch, contest);
                acknowledged.put(BatchKey.of(batch), new AcknowledgedBatch(batch.digest(), receipt.acknowledgement()));
                watermarks.compute(batch.device(), (_, before) -> before.advancedBy(batch));
                devicesWithNewBatches.add(batch.device());
                receipts.add(receipt);
            }
        }
        return receipts;
    }

    private static AppendResult.Stored tally(ScreenedBatch batch, DuplicateCheck contest) {
        var tally = new AppendResultBuilder(batch);
        for (var block : batch.blocks()) {
            contest.tallyBlock(block, tally);
        }
        return tally.build();
    }

    private void commit(List<ScreenedBatch> group, List<AppendResult> receipts) throws Exception {
        var columns = new ArrayList<Columns>();
        var batches = new ArrayList<AcknowledgedBatch>();
        for (int i = 0; i < receipts.size(); i++) {
            if (receipts.get(i) instanceof AppendResult.Stored(var acknowledgement, var fresh)) {
                columns.addAll(fresh);
                batches.add(new AcknowledgedBatch(group.get(i).digest(), acknowledgement));
            }
        }
        var flight = new StatementPipeline(timeout);
        for (var portion : ColumnArrays.split(columns)) {
            flight.add(MeasurementTable.add(session, ColumnArrays.of(portion, seriesNumbers), time));
        }
        if (!batches.isEmpty()) {
            flight.add(BatchTable.add(session, batches, time));
            watermarks.keySet().retainAll(devicesWithNewBatches);
            flight.add(DeviceTable.updateWatermarks(session, watermarks, time));
        }
        flight.add(session.commit());
        flight.awaitAll();
    }

    private void cacheIds(List<ScreenedBatch> group) {
        for (var batch : group) {
            ids.patients.put(batch.patient(), true);
            ids.devices.put(batch.device(), true);
        }
        ids.seriesNumbers.putAll(seriesNumbers);
    }
}
