package io.pulseplane.loadtest.jmh;

import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Prints how soon an edge store with many readings answers after it is opened. Each measurement opens the store, reads
 * its journal, and makes two queries: the latest reading of a patient, and one minute in the middle. It runs in the
 * process that filled the store, so the code is warm and the files are in the system's cache. For comparison it first
 * measures a store with one reading.
 *
 * <p>Arguments: a directory on the disk to measure; the number of readings.
 */
public final class OpeningFigures {

    private static final long SECOND = 1_000_000;
    private static final long START = 1_700_000_000L * SECOND;
    private static final int SERIES = 200;
    private static final int BATCH = 10_000;
    private static final int OPENINGS = 11;

    private final Path directory;

    private OpeningFigures(Path directory) {
        this.directory = directory;
    }

    public static void main(String[] arguments) throws IOException {
        var parent = Files.createDirectories(Path.of(arguments[0]));
        for (long readings : new long[] {1, Long.parseLong(arguments[1])}) {
            var figures = new OpeningFigures(Files.createTempDirectory(parent, "opening-"));
            long stored = figures.fill(readings);
            figures.open(stored);
            figures.delete();
        }
    }

    private long fill(long readings) {
        var values = new SplittableRandom(1)
                .ints(2 * BATCH, 600, 620)
                .mapToDouble(tenths -> tenths / 10.0)
                .toArray();
        int batchReadings = (int) Math.min(BATCH, readings);
        long stored = 0;
        long startNanos = System.nanoTime();
        try (var store = EdgeStore.open(directory, 2, BenchmarkGate::now)) {
            for (long round = 0; stored < readings; round++) {
                var group = new ArrayList<ScreenedBatch>(SERIES);
                for (int series = 0; series < SERIES && stored < readings; series++) {
                    group.add(batch(series, round, batchReadings, values));
                    stored += batchReadings;
                }
                append(store, group);
            }
            await(store.compact());
        }
        System.out.printf("%,d readings stored in %.0f s%n", stored, (System.nanoTime() - startNanos) / 1e9);
        return stored;
    }

    /** Compacts when the journal is full, because batches come faster here than the store compacts them. */
    private static void append(EdgeStore store, List<ScreenedBatch> group) {
        try {
            await(store.readings().append(group));
        } catch (PlaneException.ResourceExhausted _) {
            await(store.compact());
            await(store.readings().append(group));
        }
    }

    private static ScreenedBatch batch(int number, long round, int readings, double[] values) {
        var times = new long[readings];
        for (int i = 0; i < readings; i++) {
            times[i] = START + (round * readings + i) * SECOND;
        }
        int from = (int) ((round * 31 + number * 17L) % BATCH);
        var columns = new Columns(series(number), times, Arrays.copyOfRange(values, from, from + readings));
        return new ScreenedBatch(
                columns.series().device(),
                columns.series().patient(),
                round + 1,
                round + 1,
                List.of(new ScreenedBatch.Block(columns, null)),
                0,
                List.of());
    }

    private static Series series(int number) {
        return new Series("patient-" + number, "device-" + number, "8867-4", "/min");
    }

    private void open(long stored) throws IOException {
        var millis = new double[OPENINGS];
        for (int i = 0; i < OPENINGS; i++) {
            long startNanos = System.nanoTime();
            try (var store = EdgeStore.open(directory, 2, BenchmarkGate::now)) {
                query(store, stored);
                millis[i] = (System.nanoTime() - startNanos) / 1e6;
            }
        }
        Arrays.sort(millis);
        System.out.printf(
                "%,d readings, %,d bytes: opened and queried twice in %.1f ms (median of %d, %.1f to %.1f)%n",
                stored, bytes(), millis[OPENINGS / 2], OPENINGS, millis[0], millis[OPENINGS - 1]);
    }

    private static void query(EdgeStore store, long stored) {
        var latest = await(store.readings().latest(new Subject.OfPatient("patient-0")));
        long middle = START + stored / SERIES / 2 * SECOND;
        var minute = new TimeRange(middle, middle + 60 * SECOND);
        await(store.readings().read(series(0), minute, Order.OLDEST_FIRST, 60));
        if (latest.size() != 1) {
            throw new IllegalStateException("expected one reading, but got " + latest.size());
        }
    }

    private long bytes() throws IOException {
        try (var files = Files.list(directory)) {
            long bytes = 0;
            for (var file : files.toList()) {
                bytes += Files.size(file);
            }
            return bytes;
        }
    }

    private void delete() throws IOException {
        try (var files = Files.list(directory)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    private static <T> T await(Uni<T> result) {
        return result.await().atMost(Duration.ofMinutes(5));
    }
}
