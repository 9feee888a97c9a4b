package io.pulseplane.store.postgres;

import io.pulseplane.store.Receipt;
import io.pulseplane.store.Tally;
import io.pulseplane.store.postgres.BatchRows.Answered;
import io.pulseplane.store.postgres.BatchRows.Key;
import io.pulseplane.store.postgres.DeviceRows.Progress;
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

    private final Session session;
    private final Known known;
    private final Duration patience;
    private final long time;
    private final boolean mistrust;

    private final Map<Key, Answered> answered = new HashMap<>();
    private final Map<Series, Long> numbers = new HashMap<>();
    private final Map<String, Progress> progress = new TreeMap<>();
    private final Set<String> seen = new TreeSet<>();

    /** Somebody removed rows that are never removed; nothing is stored. */
    static final class Surprise extends Exception {
        private static final long serialVersionUID = 1L;
    }

    /**
     * @param time when it is stored
     * @param mistrust looks for every reading, whatever is known of its device
     */
    GroupAppend(Session session, Known known, Duration patience, long time, boolean mistrust) {
        this.session = session;
        this.known = known;
        this.patience = patience;
        this.time = time;
        this.mistrust = mistrust;
    }

    List<Receipt> store(List<ScreenedBatch> group) throws Exception {
        try {
            var gone = lookUpErased(group);
            var present = group.stream()
                    .filter(batch -> !gone.contains(batch.patient()))
                    .toList();
            return among(group, gone, storeOf(present).iterator());
        } catch (Exception failure) {
            // Sent and not waited for: on a connection that hangs there would be no end to it, and whoever gets the
            // connection next comes after it.
            session.rollBack();
            throw failure;
        }
    }

    private List<Receipt> storeOf(List<ScreenedBatch> group) throws Exception {
        if (group.isEmpty()) {
            session.rollBack();
            return List.of();
        }
        lookUp(group);
        var fresh = unanswered(group);
        var contest = Contest.over(fresh, progress, mistrust);
        prepare(fresh, contest);
        var receipts = receipts(group, contest);
        commit(group, receipts);
        remember(group);
        return receipts;
    }

    private static List<Receipt> among(List<ScreenedBatch> group, Set<String> gone, Iterator<Receipt> others) {
        return group.stream()
                .map(batch -> gone.contains(batch.patient()) ? new Receipt.PatientErased() : others.next())
                .toList();
    }

    /**
     * Begins, and says who of the patients was erased and not registered again. Who is erased from now on waits for the
     * group: the rows of its patients are held, if only against being deleted.
     */
    private Set<String> lookUpErased(List<ScreenedBatch> group) throws Exception {
        var patients = new TreeSet<String>();
        group.forEach(batch -> patients.add(batch.patient()));
        var flight = new Flight(patience);
        flight.add(session.begin());
        var there = flight.add(PatientRows.hold(session, patients));
        var once = flight.add(ErasureRows.among(session, patients));
        flight.land();
        // Somebody else may have erased them, and they may have come back since, with other numbers for their series.
        if (!once.result().isEmpty()) {
            known.series.keySet().removeIf(series -> once.result().contains(series.patient()));
        }
        patients.removeAll(there.result());
        known.patients.keySet().removeAll(patients);
        patients.retainAll(once.result());
        return patients;
    }

    private void lookUp(List<ScreenedBatch> group) throws Exception {
        var patients = new TreeSet<String>();
        var devices = new TreeSet<String>();
        var newDevices = new TreeMap<String, String>();
        var unknownSeries = new LinkedHashSet<Series>();
        for (var batch : group) {
            patients.add(batch.patient());
            if (devices.add(batch.device()) && !known.devices.containsKey(batch.device())) {
                newDevices.put(batch.device(), batch.patient());
            }
            for (var block : batch.blocks()) {
                find(block.columns().series(), unknownSeries);
            }
        }
        patients.removeIf(known.patients::containsKey);

        var flight = new Flight(patience);
        if (!patients.isEmpty()) {
            flight.add(PatientRows.register(session, patients, time));
        }
        if (!newDevices.isEmpty()) {
            flight.add(DeviceRows.register(session, newDevices, time));
        }
        var locked = flight.add(DeviceRows.lock(session, devices));
        var earlier = flight.add(BatchRows.earlier(session, group));
        var found = flight.add(
                unknownSeries.isEmpty()
                        ? Future.succeededFuture(Map.<Series, Long>of())
                        : SeriesRows.numbers(session, unknownSeries));
        flight.land();
        progress.putAll(locked.result());
        answered.putAll(earlier.result());
        numbers.putAll(found.result());
        if (progress.size() < devices.size()) {
            throw new Surprise();
        }
    }

    private void find(Series series, Set<Series> unknown) {
        if (!numbers.containsKey(series)) {
            var number = known.series.get(series);
            if (number == null) {
                unknown.add(series);
            } else {
                numbers.put(series, number);
            }
        }
    }

    /** The batches that are to be stored: the first of every sequence that is not stored yet. */
    private List<ScreenedBatch> unanswered(List<ScreenedBatch> group) {
        var keys = new LinkedHashSet<>(answered.keySet());
        return group.stream().filter(batch -> keys.add(Key.of(batch))).toList();
    }

    private void prepare(List<ScreenedBatch> fresh, Contest contest) throws Exception {
        var added = new LinkedHashSet<Series>();
        for (var batch : fresh) {
            for (var block : batch.blocks()) {
                if (!numbers.containsKey(block.columns().series())) {
                    added.add(block.columns().series());
                }
            }
        }
        // A series without a number has no readings.
        var late = contest.blocks().stream()
                .filter(columns -> numbers.containsKey(columns.series()))
                .toList();
        var flight = new Flight(patience);
        if (!added.isEmpty()) {
            flight.add(SeriesRows.add(session, added).onSuccess(numbers::putAll));
        }
        var found = Spread.portions(late).stream()
                .map(portion -> flight.add(MeasurementRows.find(session, Spread.of(portion, numbers))))
                .toList();
        flight.land();
        if (!numbers.keySet().containsAll(added)) {
            throw new Surprise();
        }
        found.forEach(readings -> contest.found(readings.result(), numbers));
    }

    private List<Receipt> receipts(List<ScreenedBatch> group, Contest contest) {
        var receipts = new ArrayList<Receipt>(group.size());
        for (var batch : group) {
            var earlier = answered.get(Key.of(batch));
            if (earlier != null) {
                receipts.add(earlier.again(batch));
            } else {
                var receipt = tally(batch, contest);
                answered.put(Key.of(batch), new Answered(batch.digest(), receipt.acknowledgement()));
                progress.compute(batch.device(), (_, before) -> before.with(batch));
                seen.add(batch.device());
                receipts.add(receipt);
            }
        }
        return receipts;
    }

    private static Receipt.Stored tally(ScreenedBatch batch, Contest contest) {
        var tally = new Tally(batch);
        for (var block : batch.blocks()) {
            contest.settle(block, tally);
        }
        return tally.receipt();
    }

    private void commit(List<ScreenedBatch> group, List<Receipt> receipts) throws Exception {
        var columns = new ArrayList<Columns>();
        var batches = new ArrayList<Answered>();
        for (int i = 0; i < receipts.size(); i++) {
            if (receipts.get(i) instanceof Receipt.Stored(var acknowledgement, var fresh)) {
                columns.addAll(fresh);
                batches.add(new Answered(group.get(i).digest(), acknowledgement));
            }
        }
        var flight = new Flight(patience);
        for (var portion : Spread.portions(columns)) {
            flight.add(MeasurementRows.add(session, Spread.of(portion, numbers), time));
        }
        if (!batches.isEmpty()) {
            flight.add(BatchRows.add(session, batches, time));
            progress.keySet().retainAll(seen);
            flight.add(DeviceRows.seen(session, progress, time));
        }
        flight.add(session.commit());
        flight.land();
    }

    private void remember(List<ScreenedBatch> group) {
        for (var batch : group) {
            known.patients.put(batch.patient(), true);
            known.devices.put(batch.device(), true);
        }
        known.series.putAll(numbers);
    }
}
