package io.pulseplane.loadtest.stores;

import io.pulseplane.loadtest.stores.BenchmarkedStore.SeriesRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.HdrHistogram.Histogram;

/**
 * Prints figures of one store, each as a line {@code name=value}: readings appended per second, bytes per reading on
 * disk, and the duration of queries.
 *
 * <p>Arguments: the store; an empty directory on the disk to measure; seconds of appending for each figure; optionally
 * a recording.
 */
public final class StoreFigures {

    /** The stores that can be measured. */
    private enum Kind {
        EDGE,
        SQLITE,
        POSTGRES,
        DUCKDB,
        QUESTDB,
        QUESTDB_SYNCED,
        CSV
    }

    private static final int SERIES = 200;
    private static final int DAYS = 30;
    private static final int DAY = 86_400;
    private static final int QUERIES = 50;
    private static final long MAX_QUERY_NANOS = 6_000_000_000L;

    private final Kind kind;
    private final Path directory;
    private final int seconds;
    private int storeCount;

    private StoreFigures(Kind kind, Path directory, int seconds) {
        this.kind = kind;
        this.directory = directory;
        this.seconds = seconds;
    }

    public static void main(String[] arguments) throws Exception {
        var kind = Kind.valueOf(arguments[0].toUpperCase(Locale.ROOT));
        var recording = arguments.length > 3 ? Optional.of(Path.of(arguments[3])) : Optional.<Path>empty();
        if (kind == Kind.CSV) {
            CsvSizes.print(recording);
            return;
        }
        var figures = new StoreFigures(kind, Path.of(arguments[1]), Integer.parseInt(arguments[2]));
        figures.append("append of 1,000", 100, 1_000);
        figures.append("append of 10", 1_000, 10);
        figures.month();
        if (recording.isPresent()) {
            figures.recording(Recording.runs(recording.get()));
        }
    }

    private BenchmarkedStore open() throws Exception {
        var storeDirectory = Files.createDirectories(directory.resolve(Integer.toString(storeCount++)));
        return switch (kind) {
            case EDGE -> new Edge(storeDirectory);
            case SQLITE -> new Sqlite(storeDirectory);
            case POSTGRES -> Postgres.start(storeDirectory);
            case DUCKDB -> new DuckDb(storeDirectory);
            case QUESTDB -> new QuestDb(storeDirectory, false);
            case QUESTDB_SYNCED -> new QuestDb(storeDirectory, true);
            case CSV -> throw new IllegalArgumentException("not a store");
        };
    }

    static void print(String name, double value) {
        System.out.printf(Locale.ROOT, "%s=%.4f%n", name, value);
    }

    /** Appends groups of runs. Warms up half as long as it measures. */
    private void append(String name, int runs, int readings) throws Exception {
        try (var store = open()) {
            System.out.println("promise=" + store.durability());
            var generator = new HeartRateGenerator(SERIES);
            rate(store, generator, runs, readings, seconds / 2 + 1);
            print(name, rate(store, generator, runs, readings, seconds));
        }
    }

    private static double rate(
            BenchmarkedStore store, HeartRateGenerator generator, int runs, int readings, int seconds)
            throws Exception {
        long appendNanos = 0;
        long stored = 0;
        while (appendNanos < seconds * 1_000_000_000L) {
            var group = generator.nextGroup(runs, readings);
            long startNanos = System.nanoTime();
            store.append(group);
            appendNanos += System.nanoTime() - startNanos;
            stored += (long) runs * readings;
        }
        return stored / (appendNanos / 1e9);
    }

    private void month() throws Exception {
        try (var store = open()) {
            var generator = new HeartRateGenerator(1);
            long appendNanos = 0;
            for (int stored = 0; stored < DAYS * DAY; stored += 54_000) {
                var group = generator.nextGroup(54, 1_000);
                long startNanos = System.nanoTime();
                store.append(group);
                appendNanos += System.nanoTime() - startNanos;
            }
            print("append of a month", DAYS * DAY / (appendNanos / 1e9));
            store.compact();
            print("bytes of a month", (double) store.bytes() / (DAYS * DAY));
            long day = DAY * BenchmarkedStore.SECOND_US;
            print(
                    "day",
                    medianMillis(
                            DAY,
                            () -> store.countReadings(
                                    0, HeartRateGenerator.FROM_US + 3 * day, HeartRateGenerator.FROM_US + 4 * day)));
            print(
                    "minutes",
                    medianMillis(
                            DAYS * DAY / 60,
                            () -> store.minuteWindows(
                                    0, HeartRateGenerator.FROM_US, HeartRateGenerator.FROM_US + DAYS * day)));
        }
    }

    private void recording(List<SeriesRun> runs) throws Exception {
        try (var store = open()) {
            for (var run : runs) {
                store.append(List.of(run));
            }
            store.compact();
            print(
                    "bytes of the recording",
                    (double) store.bytes()
                            / runs.stream().mapToInt(SeriesRun::size).sum());
        }
    }

    private interface Query {
        int run() throws Exception;
    }

    /** The median duration after a warm-up. */
    private static double medianMillis(int expected, Query query) throws Exception {
        repeat(expected, query);
        return repeat(expected, query).getValueAtPercentile(50) / 1e6;
    }

    private static Histogram repeat(int expected, Query query) throws Exception {
        var times = new Histogram(3);
        long startNanos = System.nanoTime();
        for (int i = 0; i < QUERIES && System.nanoTime() - startNanos < MAX_QUERY_NANOS; i++) {
            long queryStartNanos = System.nanoTime();
            int count = query.run();
            times.recordValue(System.nanoTime() - queryStartNanos);
            if (count != expected) {
                throw new IOException("expected " + expected + " results, but got " + count);
            }
        }
        return times;
    }
}
