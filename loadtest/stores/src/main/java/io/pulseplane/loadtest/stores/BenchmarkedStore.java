package io.pulseplane.loadtest.stores;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;

/**
 * A store of readings that the load test compares: the plane's edge store, or one that is common elsewhere. Not
 * thread-safe.
 */
interface BenchmarkedStore extends AutoCloseable {

    long SECOND_US = 1_000_000;
    long MINUTE_US = 60 * SECOND_US;

    /** Consecutive readings of one series, oldest first. */
    record SeriesRun(int series, long[] times, double[] values) {

        int size() {
            return times.length;
        }
    }

    /** What this store guarantees when {@link #append} returns, for the report. */
    String durability();

    /** Stores the runs; returns when they are as durable as {@link #durability} says. */
    void append(List<SeriesRun> group) throws Exception;

    /**
     * Does the maintenance that the store would do over time: compaction, flush, statistics. Called after the last
     * append.
     */
    void compact() throws Exception;

    /** The size of readings and their indexes on disk. */
    long bytes() throws Exception;

    /** Reads all readings of a series in a range and returns their number. */
    int countReadings(int series, long from, long to) throws Exception;

    /**
     * Computes mean, minimum, maximum and count for each minute of a series in a range, and returns the number of
     * minutes.
     */
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
