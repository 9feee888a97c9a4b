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
 * Prints what one store takes, holds and answers, a line {@code name=value} for each figure.
 *
 * <p>Arguments: which store; an empty directory on the disk to be measured; seconds of appending for each figure; optionally
 * a recording.
 */
public final class StoreFigures {

    /** What can be measured. */
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
    private static final int TIMES = 50;
    private static final long MAX_QUERY_NANOS = 6_000_000_000L;

    private final Kind kind;
    private final Path directory;
    private final int seconds;
    private int stores;

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
        var own = Files.createDirectories(directory.resolve(Integer.toString(stores++)));
        return switch (kind) {
            case EDGE -> new Edge(own);
            case SQLITE -> new Sqlite(own);
            case POSTGRES -> Postgres.start(own);
            case DUCKDB -> new DuckDb(own);
            case QUESTDB -> new QuestDb(own, false);
            case QUESTDB_SYNCED -> new QuestDb(own, true);
            case CSV -> throw new IllegalArgumentException("not a store");
        };
    }

    static void print(String name, double value) {
        System.out.printf(Locale.ROOT, "%s=%.4f%n", name, value);
    }

    /** Groups as they come while the disk is busy with the one before. Half as long to get warm. */
    private void append(String name, int runs, int readings) throws Exception {
        try (var store = open()) {
            System.out.println("promise=" + store.durability());
            var ward = new HeartRateGenerator(SERIES);
            rate(store, ward, runs, readings, seconds / 2 + 1);
            print(name, rate(store, ward, runs, readings, seconds));
        }
    }

    private static double rate(BenchmarkedStore store, HeartRateGenerator ward, int runs, int readings, int seconds)
            throws Exception {
        long appending = 0;
        long stored = 0;
        while (appending < seconds * 1_000_000_000L) {
            var group = ward.nextGroup(runs, readings);
            long begun = System.nanoTime();
            store.append(group);
            appending += System.nanoTime() - begun;
            stored += (long) runs * readings;
        }
        return stored / (appending / 1e9);
    }

    private void month() throws Exception {
        try (var store = open()) {
            var ward = new HeartRateGenerator(1);
            long appending = 0;
            for (int stored = 0; stored < DAYS * DAY; stored += 54_000) {
                var group = ward.nextGroup(54, 1_000);
                long begun = System.nanoTime();
                store.append(group);
                appending += System.nanoTime() - begun;
            }
            print("append of a month", DAYS * DAY / (appending / 1e9));
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

    /** The median, warm. */
    private static double medianMillis(int expected, Query question) throws Exception {
        repeat(expected, question);
        return repeat(expected, question).getValueAtPercentile(50) / 1e6;
    }

    private static Histogram repeat(int expected, Query question) throws Exception {
        var times = new Histogram(3);
        long begun = System.nanoTime();
        for (int i = 0; i < TIMES && System.nanoTime() - begun < MAX_QUERY_NANOS; i++) {
            long asked = System.nanoTime();
            int answered = question.run();
            times.recordValue(System.nanoTime() - asked);
            if (answered != expected) {
                throw new IOException(answered + " answers, not " + expected);
            }
        }
        return times;
    }
}
