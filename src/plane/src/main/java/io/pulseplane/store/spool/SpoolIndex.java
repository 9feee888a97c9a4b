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

/** Indexes the waiting readings by series: the earliest time and the latest reading of each. */
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
            var entry =
                    entriesOf(new Subject.OfPatient(series.patient())).computeIfAbsent(series, _ -> new SeriesEntry());
            entriesOf(new Subject.OfDevice(series.device())).put(series, entry);
            entry.batches++;
            entry.firstTime = Math.min(entry.firstTime, columns.firstTime());
            int last = columns.size() - 1;
            if (entry.latest == null || columns.lastTime() > entry.latest.time()) {
                entry.latest = new Reading(series, columns.times()[last], columns.values()[last]);
            }
        }
    }

    private Map<Series, SeriesEntry> entriesOf(Subject subject) {
        return bySubject.computeIfAbsent(subject, _ -> new HashMap<>());
    }

    /** Removes a batch. The times of a series shrink only when its last batch is removed. */
    synchronized void remove(ScreenedBatch batch) {
        for (var block : batch.blocks()) {
            var series = block.columns().series();
            var patient = new Subject.OfPatient(series.patient());
            var entry = entriesOf(patient).get(series);
            if (entry != null && --entry.batches == 0) {
                remove(patient, series);
                remove(new Subject.OfDevice(series.device()), series);
            }
        }
    }

    private void remove(Subject subject, Series series) {
        var entries = entriesOf(subject);
        entries.remove(series);
        if (entries.isEmpty()) {
            bySubject.remove(subject);
        }
    }

    /** The latest waiting reading of each series of a subject. */
    synchronized Collection<Reading> latest(Subject subject) {
        var entries = bySubject.get(subject);
        return entries == null
                ? List.of()
                : entries.values().stream().map(entry -> entry.latest).toList();
    }

    /** Whether waiting readings of this series may lie in the range. */
    synchronized boolean mayContain(Series series, TimeRange range) {
        var entries = bySubject.get(new Subject.OfPatient(series.patient()));
        var entry = entries == null ? null : entries.get(series);
        return entry != null && entry.firstTime < range.to() && entry.latest.time() >= range.from();
    }
}
