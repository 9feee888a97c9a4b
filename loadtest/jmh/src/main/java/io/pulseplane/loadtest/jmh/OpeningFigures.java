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
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;

/**
 * How soon an edge store of many readings answers after it is opened: its files are read again, its journal is read, then it is asked
 * for the latest reading of a patient and for a minute out of the middle. In the process that filled it, so warm code and
 * the system's cache of files are not what is measured; a first opening, of a store with one reading, is told beside it.
 *
 * <p>Arguments: a directory on the disk to be measured; how many readings.
 */
public final class OpeningFigures {

    private static final long SECOND = 1_000_000;
    private static final long START = 1_700_000_000L * SECOND;
    private static final int SERIES = 200;
    private static final int BATCH = 10_000;
    private static final int OPENINGS = 11;
    private static final LongSupplier NOW = () -> ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());

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
                .mapToDouble(v -> v / 10.0)
                .toArray();
        int batch = (int) Math.min(BATCH, readings);
        long stored = 0;
        long begun = System.nanoTime();
        try (var store = EdgeStore.open(directory, 2, NOW)) {
            for (long round = 0; stored < readings; round++) {
                var group = new ArrayList<ScreenedBatch>(SERIES);
                for (int series = 0; series < SERIES && stored < readings; series++) {
                    group.add(batch(series, round, batch, values));
                    stored += batch;
                }
                append(store, group);
            }
            await(store.compact());
        }
        System.out.printf("%,d readings stored in %.0f s%n", stored, (System.nanoTime() - begun) / 1e9);
        return stored;
    }

    /** With nothing to wait for on the way, batches come faster than they become chunks. */
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
            long begun = System.nanoTime();
            try (var store = EdgeStore.open(directory, 2, NOW)) {
                query(store, stored);
                millis[i] = (System.nanoTime() - begun) / 1e6;
            }
        }
        Arrays.sort(millis);
        System.out.printf(
                "%,d readings, %,d bytes: opened and asked twice in %.1f ms (median of %d, %.1f to %.1f)%n",
                stored, bytes(), millis[OPENINGS / 2], OPENINGS, millis[0], millis[OPENINGS - 1]);
    }

    private static void query(EdgeStore store, long stored) {
        var latest = await(store.readings().latest(new Subject.OfPatient("patient-0")));
        long middle = START + stored / SERIES / 2 * SECOND;
        var minute = new TimeRange(middle, middle + 60 * SECOND);
        await(store.readings().read(series(0), minute, Order.OLDEST_FIRST, 60));
        if (latest.size() != 1) {
            throw new IllegalStateException("not one reading but " + latest.size());
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

    private static <T> T await(Uni<T> answer) {
        return answer.await().atMost(Duration.ofMinutes(5));
    }
}
