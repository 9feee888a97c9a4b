package io.pulseplane.loadtest.stores;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;

/** A store of readings, as somebody would use it who has no plane; and the plane's own. Is used by one thread. */
interface BenchmarkedStore extends AutoCloseable {

    long SECOND_US = 1_000_000;
    long MINUTE_US = 60 * SECOND_US;

    /** Readings of the series of this number, oldest first. */
    record SeriesRun(int series, long[] times, double[] values) {

        int size() {
            return times.length;
        }
    }

    /** What it took to call a reading stored. */
    String durability();

    /** Returns when it is stored as {@link #durability} says. */
    void append(List<SeriesRun> group) throws Exception;

    /** Makes it what it would be after a while: compacted, flushed, with statistics. */
    void compact() throws Exception;

    /** On disk, of readings and their indexes. */
    long bytes() throws Exception;

    /** How many readings there are of a series in a range, each of which was read. */
    int countReadings(int series, long from, long to) throws Exception;

    /** How many minutes there are of a series in a range, of which count, mean, lowest and highest were read. */
    int minuteWindows(int series, long from, long to) throws Exception;

    @Override
    void close() throws IOException, SQLException;

    static long bytesIn(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            long bytes = 0;
            for (var file : files.filter(Files::isRegularFile).toList()) {
                bytes += Files.size(file);
            }
            return bytes;
        }
    }
}
