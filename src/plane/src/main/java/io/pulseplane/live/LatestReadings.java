package io.pulseplane.live;

import io.pulseplane.vitals.Reading;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The latest reading of each code of one subject. Readers never wait. */
public final class LatestReadings {

    /** With its series, but for the letters in that. */
    private static final int BYTES_PER_READING = 256;

    /** Immutable, ordered by code. */
    private volatile List<Reading> readings = List.of();

    private volatile boolean complete;
    private volatile long asOf;
    private final Runnable onGrowth;

    /** @param grown run when there is a reading of one more code */
    LatestReadings(Runnable grown) {
        this.onGrowth = grown;
    }

    /** What it takes in memory, about. */
    int estimatedBytes() {
        int bytes = 0;
        for (var reading : readings) {
            var series = reading.series();
            bytes += BYTES_PER_READING
                    + series.patient().length()
                    + series.device().length()
                    + series.code().length()
                    + series.unit().length();
        }
        return bytes;
    }

    /** Whether what the store knew is in here. */
    public boolean isComplete() {
        return complete;
    }

    /** One reading per code, ordered by code. */
    public List<Reading> readings() {
        return readings;
    }

    /** As of when all there was is in here, by the clock of whoever completed it. */
    public long asOf() {
        return asOf;
    }

    /** Adds what the store knew; nothing is missing from now on. */
    public void complete(List<Reading> stored) {
        complete(stored, 0);
    }

    /** Adds what the store knew at a time; nothing is missing that is older, or was published since. */
    public synchronized void complete(List<Reading> stored, long time) {
        stored.forEach(this::merge);
        asOf = complete ? Math.max(asOf, time) : time;
        complete = true;
    }

    synchronized void merge(Reading reading) {
        int place = Collections.binarySearch(
                readings,
                reading,
                (a, b) -> a.series().code().compareTo(b.series().code()));
        if (place >= 0 && !supersedes(reading, readings.get(place))) {
            return;
        }
        var merged = new ArrayList<>(readings);
        if (place >= 0) {
            merged.set(place, reading);
            readings = List.copyOf(merged);
        } else {
            merged.add(-place - 1, reading);
            readings = List.copyOf(merged);
            onGrowth.run();
        }
    }

    /** Of two readings of one microsecond, the one whose device, then patient, then unit sorts first. */
    private static boolean supersedes(Reading a, Reading b) {
        if (a.time() != b.time()) {
            return a.time() > b.time();
        }
        int device = a.series().device().compareTo(b.series().device());
        return device < 0 || device == 0 && a.series().compareTo(b.series()) < 0;
    }
}
