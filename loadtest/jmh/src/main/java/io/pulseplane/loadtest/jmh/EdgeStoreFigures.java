package io.pulseplane.loadtest.jmh;

import io.pulseplane.store.FixedWindows;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.ValueRange;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/**
 * Prints figures of the edge store without gRPC: its ingest rate, the duration of queries, and its size on disk. Each
 * figure uses a new directory below the given one, and deletes it afterwards.
 *
 * <p>Arguments: a directory on the disk to measure; seconds of ingest for each figure; optionally a CSV with the
 * columns {@code measured_at}, {@code device_id}, {@code patient_id}, {@code code} and {@code value}, which is stored
 * for 50 patients.
 */
public final class EdgeStoreFigures {

    private static final long SECOND = 1_000_000;
    private static final long DAY = 86_400;
    private static final int SERIES = 200;
    private static final int PATIENTS = 50;
    private static final String[] CODES = {"8867-4", "9279-1", "59408-5", "8310-5"};

    private final Path directory;
    private final int seconds;

    private EdgeStoreFigures(Path directory, int seconds) {
        this.directory = directory;
        this.seconds = seconds;
    }

    public static void main(String[] arguments) throws IOException {
        var figures = new EdgeStoreFigures(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
        figures.ingest(1_000, 100);
        figures.ingest(10, 1_000);
        figures.read();
        if (arguments.length > 2) {
            figures.size(Path.of(arguments[2]), true);
            figures.size(Path.of(arguments[2]), false);
        }
    }

    private interface StoreTask {
        void run(EdgeStore store, Path directory) throws IOException;
    }

    private void withStore(StoreTask task) throws IOException {
        var storeDirectory = createDirectory();
        try (var store = EdgeStore.open(storeDirectory, 2, BenchmarkGate::now)) {
            task.run(store, storeDirectory);
        }
        delete(storeDirectory);
    }

    private Path createDirectory() throws IOException {
        Files.createDirectories(directory);
        return Files.createTempDirectory(directory, "edge-");
    }

    private static void delete(Path storeDirectory) throws IOException {
        try (var files = Files.list(storeDirectory)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(storeDirectory);
    }

    /** Appends groups of batches. The ingest of a plane also makes groups, of the batches that come during a sync. */
    private void ingest(int readings, int batches) throws IOException {
        withStore((store, storeDirectory) -> {
            var random = new Random(1);
            var latencies = new Histogram(3);
            var nextSeconds = new long[SERIES];
            var sequences = new long[SERIES];
            long stored = 0;
            long startNanos = System.nanoTime();
            long appendNanos = 0;
            for (int device = 0; System.nanoTime() - startNanos < seconds * 1_000_000_000L; ) {
                var group = new ArrayList<ScreenedBatch>(batches);
                for (int i = 0; i < batches; i++) {
                    group.add(batch(device, ++sequences[device], nextSeconds, readings, random));
                    device = (device + 1) % SERIES;
                }
                long groupStartNanos = System.nanoTime();
                await(store.readings().append(group));
                long groupNanos = System.nanoTime() - groupStartNanos;
                appendNanos += groupNanos;
                latencies.recordValue(groupNanos);
                stored += (long) readings * batches;
            }
            System.out.printf(
                    "ingest, batches of %,d, groups of %,d: %,.0f readings/s; a group p50 %.1f ms, p99 %.1f ms,"
                            + " p99.9 %.1f ms, worst %.1f ms%n",
                    readings,
                    batches,
                    stored / (appendNanos / 1e9),
                    latencies.getValueAtPercentile(50) / 1e6,
                    latencies.getValueAtPercentile(99) / 1e6,
                    latencies.getValueAtPercentile(99.9) / 1e6,
                    latencies.getMaxValue() / 1e6);
            long compactionStartNanos = System.nanoTime();
            await(store.compact());
            System.out.printf(
                    "  compaction of the rest: %.1f s; on disk %.2f B a reading%n",
                    (System.nanoTime() - compactionStartNanos) / 1e9, (double) bytes(storeDirectory) / stored);
        });
    }

    private static ScreenedBatch batch(int device, long sequence, long[] nextSeconds, int readings, Random random) {
        var series = new Series("patient-" + device, "device-" + device, CODES[device % CODES.length], "/min");
        var times = new long[readings];
        var values = new double[readings];
        for (int i = 0; i < readings; i++) {
            times[i] = (1_700_000_000L + nextSeconds[device]++) * SECOND;
            values[i] = (600 + random.nextInt(20)) / 10.0;
        }
        return batch(sequence, new Columns(series, times, values));
    }

    private static ScreenedBatch batch(long sequence, Columns columns) {
        return new ScreenedBatch(
                columns.series().device(),
                columns.series().patient(),
                sequence,
                sequence,
                List.of(new ScreenedBatch.Block(columns, null)),
                0,
                List.of());
    }

    /** Measures queries over 30 days of a series at 1 Hz. */
    private void read() throws IOException {
        withStore((store, _) -> {
            var random = new Random(1);
            var nextSeconds = new long[1];
            long sequence = 0;
            for (long stored = 0; stored < 30 * DAY; stored += 10_000) {
                await(store.readings().append(List.of(batch(0, ++sequence, nextSeconds, 10_000, random))));
            }
            await(store.compact());
            var series = await(store.readings().series(new Subject.OfPatient("patient-0")))
                    .getFirst();
            long start = 1_700_000_000L * SECOND;
            time("a day of a 1 Hz series", () -> day(store, series, start + 3 * DAY * SECOND));
            time("one-minute windows over 30 days of 1 Hz", () -> windows(store, series));
            time(
                    "statistics of 30 days of 1 Hz",
                    () -> await(store.readings()
                                    .aggregate(series, TimeRange.ALL, ValueRange.ALL, FixedWindows.ALL_TIME, 1))
                            .size());
            time(
                    "latest of a patient",
                    () -> await(store.readings().latest(new Subject.OfPatient("patient-0")))
                            .size());
        });
    }

    private static int day(EdgeStore store, Series series, long from) {
        int page = 16_384;
        int count = 0;
        var remaining = new TimeRange(from, from + DAY * SECOND);
        while (true) {
            var columns = await(store.readings().read(series, remaining, Order.OLDEST_FIRST, page));
            count += columns.size();
            if (columns.size() < page) {
                return count;
            }
            remaining = new TimeRange(columns.lastTime() + 1, remaining.to());
        }
    }

    private static int windows(EdgeStore store, Series series) {
        int page = 16_384;
        var minutes = FixedWindows.startingAtEpoch(60 * SECOND);
        int count = 0;
        var remaining = TimeRange.ALL;
        while (true) {
            var windows = await(store.readings().aggregate(series, remaining, ValueRange.ALL, minutes, page));
            count += windows.size();
            if (windows.size() < page) {
                return count;
            }
            remaining = new TimeRange(minutes.startOf(windows.windowIndexes()[page - 1] + 1), remaining.to());
        }
    }

    private interface Query {
        int run();
    }

    private static void time(String name, Query query) {
        int count = 0;
        for (int i = 0; i < 30; i++) {
            count = query.run();
        }
        var times = new Histogram(3);
        for (int i = 0; i < 50; i++) {
            long startNanos = System.nanoTime();
            count = query.run();
            times.recordValue(System.nanoTime() - startNanos);
        }
        System.out.printf(
                "%s: %,d results, p50 %.2f ms, best %.2f ms%n",
                name, count, times.getValueAtPercentile(50) / 1e6, times.getMinValue() / 1e6);
    }

    private record Key(String device, String code) {}

    /**
     * Stores the recording for 50 patients, with its times shifted for each patient, and prints the size on disk.
     *
     * @param plausible whether to store only the readings that a plane accepts. The others are mostly zeros of sensors
     *     that are not plugged in, which take almost no space
     */
    private void size(Path csv, boolean plausible) throws IOException {
        var recording = new TreeMap<Key, SortedMap<Long, Double>>(
                Comparator.comparing(Key::device).thenComparing(Key::code));
        try (var lines = Files.lines(csv)) {
            lines.skip(1)
                    .map(line -> line.split(",", -1))
                    .filter(row -> !plausible || isPlausible(row))
                    .forEach(row -> recording
                            .computeIfAbsent(new Key(row[1], row[3]), _ -> new TreeMap<>())
                            .putIfAbsent(
                                    ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(row[0])),
                                    Double.parseDouble(row[4])));
        }
        var storeDirectory = createDirectory();
        long readings;
        try (var store = EdgeStore.open(storeDirectory, 2, BenchmarkGate::now)) {
            readings = fill(store, recording);
            await(store.compact());
        }
        System.out.printf(
                "%s for %d patients, %s: %,d readings, %,d bytes on disk, %.2f B a reading%n",
                csv.getFileName(),
                PATIENTS,
                plausible ? "plausible readings" : "all readings, as if none were rejected",
                readings,
                bytes(storeDirectory),
                (double) bytes(storeDirectory) / readings);
        printTableSizes(storeDirectory, readings);
        delete(storeDirectory);
    }

    /** Prints how much space each table and index takes. */
    private static void printTableSizes(Path storeDirectory, long readings) {
        for (var file : List.of("pulseplane.db", "keys.db")) {
            try (var connection = DriverManager.getConnection("jdbc:sqlite:" + storeDirectory.resolve(file));
                    var statement = connection.createStatement();
                    var rows = statement.executeQuery("SELECT name, sum(pgsize), sum(payload), sum(unused)"
                            + " FROM dbstat GROUP BY name ORDER BY 2 DESC, 1 LIMIT 12")) {
                while (rows.next()) {
                    System.out.printf(
                            "  %s, %s: %,d bytes (%.3f B a reading), of which %,d are used and %,d are free%n",
                            file,
                            rows.getString(1),
                            rows.getLong(2),
                            (double) rows.getLong(2) / readings,
                            rows.getLong(3),
                            rows.getLong(4));
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static long fill(EdgeStore store, Map<Key, SortedMap<Long, Double>> recording) {
        long readings = 0;
        for (int patient = 0; patient < PATIENTS; patient++) {
            long shiftUs = patient * 7_919L * SECOND;
            long sequence = 0;
            for (var series : recording.entrySet()) {
                var columns = columns(series.getKey(), series.getValue(), "patient-" + patient, shiftUs);
                for (int from = 0; from < columns.size(); from += 1_000) {
                    var part = columns.slice(from, Math.min(columns.size(), from + 1_000));
                    await(store.readings().append(List.of(batch(++sequence, part))));
                    readings += part.size();
                }
            }
        }
        return readings;
    }

    private static boolean isPlausible(String[] row) {
        return Catalogue.standard()
                .find(row[3])
                .filter(sign -> sign.plausible().contains(Double.parseDouble(row[4])))
                .isPresent();
    }

    private static Columns columns(Key key, Map<Long, Double> readings, String patient, long shiftUs) {
        var series = new Series(patient, key.device() + "-" + patient, key.code(), "");
        return new Columns(
                series,
                readings.keySet().stream().mapToLong(time -> time + shiftUs).toArray(),
                readings.values().stream().mapToDouble(Double::doubleValue).toArray());
    }

    private static long bytes(Path directory) {
        try (var files = Files.list(directory)) {
            long bytes = 0;
            for (var file : files.toList()) {
                bytes += Files.size(file);
            }
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static <T> T await(Uni<T> result) {
        return result.await().atMost(Duration.ofMinutes(5));
    }
}
