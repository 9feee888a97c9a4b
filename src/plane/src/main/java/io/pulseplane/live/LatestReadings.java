package io.pulseplane.live;

import io.pulseplane.vitals.Reading;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The latest reading of each code of one subject. Reads never block. */
public final class LatestReadings {

    /** The estimated size of a reading and its series, without the characters of the texts. */
    private static final int BYTES_PER_READING = 256;

    /** Immutable, ordered by code. */
    private volatile List<Reading> readings = List.of();

    private volatile boolean complete;
    private volatile long asOf;
    private final Runnable onGrowth;

    /** @param onGrowth called when the entry gets a reading of another code */
    LatestReadings(Runnable onGrowth) {
        this.onGrowth = onGrowth;
    }

    /** Returns the estimated size in memory, in bytes. */
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

    /** Returns whether the readings of the store are merged. */
    public boolean isComplete() {
        return complete;
    }

    /** Returns one reading for each code, ordered by code. */
    public List<Reading> readings() {
        return readings;
    }

    /** Returns the time, by the clock of the site, as of which the entry has all readings. */
    public long asOf() {
        return asOf;
    }

    /**
     * Merges the readings of the store as of a time. From then on, the entry has all readings up to that time, and all
     * that were published since it was created.
     */
    public synchronized void complete(List<Reading> stored, long time) {
        stored.forEach(this::merge);
        asOf = complete ? Math.max(asOf, time) : time;
        complete = true;
    }

    synchronized void merge(Reading reading) {
        int index = Collections.binarySearch(
                readings,
                reading,
                (a, b) -> a.series().code().compareTo(b.series().code()));
        if (index >= 0 && !supersedes(reading, readings.get(index))) {
            return;
        }
        var merged = new ArrayList<>(readings);
        if (index >= 0) {
            merged.set(index, reading);
            readings = List.copyOf(merged);
        } else {
            merged.add(-index - 1, reading);
            readings = List.copyOf(merged);
            onGrowth.run();
        }
    }

    /**
     * The later reading wins. Of two readings of one microsecond, the one wins whose device, then patient, then unit
     * sorts first.
     */
    private static boolean supersedes(Reading a, Reading b) {
        if (a.time() != b.time()) {
            return a.time() > b.time();
        }
        int device = a.series().device().compareTo(b.series().device());
        return device < 0 || (device == 0 && a.series().compareTo(b.series()) < 0);
    }
}
