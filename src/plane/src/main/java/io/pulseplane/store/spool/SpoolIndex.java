package io.pulseplane.store.spool;

import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Of which series readings wait, from when to when, and the latest of each. */
final class SpoolIndex {

    private final Map<Subject, Map<Series, SeriesEntry>> bySubject = new HashMap<>();

    private static final class SeriesEntry {
        private int batches;
        private long firstTime = Long.MAX_VALUE;
        private Reading latest;
    }

    synchronized void add(ScreenedBatch batch) {
        for (var block : batch.blocks()) {
            var columns = block.columns();
            var series = columns.series();
            var held =
                    entriesOf(new Subject.OfPatient(series.patient())).computeIfAbsent(series, _ -> new SeriesEntry());
            entriesOf(new Subject.OfDevice(series.device())).put(series, held);
            held.batches++;
            held.firstTime = Math.min(held.firstTime, columns.firstTime());
            int last = columns.size() - 1;
            if (held.latest == null || columns.lastTime() > held.latest.time()) {
                held.latest = new Reading(series, columns.times()[last], columns.values()[last]);
            }
        }
    }

    private Map<Series, SeriesEntry> entriesOf(Subject subject) {
        return bySubject.computeIfAbsent(subject, _ -> new HashMap<>());
    }

    /** It does not wait any more. What is said of others of its series stays as wide as it was. */
    synchronized void remove(ScreenedBatch batch) {
        for (var block : batch.blocks()) {
            var series = block.columns().series();
            var patient = new Subject.OfPatient(series.patient());
            var held = entriesOf(patient).get(series);
            if (held != null && --held.batches == 0) {
                remove(patient, series);
                remove(new Subject.OfDevice(series.device()), series);
            }
        }
    }

    private void remove(Subject subject, Series series) {
        var all = entriesOf(subject);
        all.remove(series);
        if (all.isEmpty()) {
            bySubject.remove(subject);
        }
    }

    /** The latest reading of each series of a subject of which any waits. */
    synchronized Collection<Reading> latest(Subject subject) {
        var all = bySubject.get(subject);
        return all == null
                ? List.of()
                : all.values().stream().map(held -> held.latest).toList();
    }

    /** Whether readings of this series wait that may lie in the range. */
    synchronized boolean mayContain(Series series, TimeRange range) {
        var all = bySubject.get(new Subject.OfPatient(series.patient()));
        var held = all == null ? null : all.get(series);
        return held != null && held.firstTime < range.to() && held.latest.time() >= range.from();
    }
}
