package io.pulseplane.loadtest.jmh;

import io.pulseplane.live.LatestCache;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.SeriesSelector;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Prints whether a plane answers queries for the latest readings of many series without the disk. It queries every
 * patient once, which fills the cache, and then again, and prints how many bytes the process read from files meanwhile
 * (by Linux).
 *
 * <p>Arguments: a directory on the disk to measure; the number of series, five for each patient; the bytes that latest
 * readings may take, as in {@code pulseplane.live.latest-memory}.
 */
public final class LatestFigures {

    private static final List<String> CODES = List.of("8867-4", "9279-1", "59408-5", "8310-5", "2339-0");
    private static final int GROUP = 1_000;
    private static final int ROUNDS = 20;

    private final int patients;
    private final LatestQuery query;

    private LatestFigures(EdgeStore store, int patients, long maxBytes) {
        this.patients = patients;
        this.query = new LatestQuery(new LatestCache(maxBytes), store);
    }

    public static void main(String[] arguments) throws IOException {
        var directory = Files.createTempDirectory(Files.createDirectories(Path.of(arguments[0])), "latest-");
        int patients = Integer.parseInt(arguments[1]) / CODES.size();
        try (var store = EdgeStore.open(directory, 2, BenchmarkGate::now)) {
            fill(store, patients);
            new LatestFigures(store, patients, Long.parseLong(arguments[2])).measure();
        } finally {
            BenchmarkGate.delete(directory);
        }
    }

    private static void fill(EdgeStore store, int patients) {
        for (int from = 0; from < patients; from += GROUP) {
            var group = new ArrayList<ScreenedBatch>(GROUP);
            for (int patient = from; patient < Math.min(from + GROUP, patients); patient++) {
                group.add(batch(patient));
            }
            await(store.readings().append(group));
        }
        await(store.compact());
    }

    private static ScreenedBatch batch(int patient) {
        var blocks = CODES.stream()
                .map(code -> new Series("patient-" + patient, "monitor-" + patient, code, "1"))
                .map(series -> new Columns(series, new long[] {1, 2}, new double[] {72, 73}))
                .map(columns -> new ScreenedBatch.Block(columns, null))
                .toList();
        return new ScreenedBatch("monitor-" + patient, "patient-" + patient, 1, 1, blocks, 0, List.of());
    }

    private void measure() throws IOException {
        long startNanos = System.nanoTime();
        long bytesBefore = bytesRead();
        for (int patient = 0; patient < patients; patient++) {
            check(await(query.execute(selector(patient))).size());
        }
        print("queried for the first time", patients, System.nanoTime() - startNanos, bytesRead() - bytesBefore);
        startNanos = System.nanoTime();
        bytesBefore = bytesRead();
        int answeredFromMemory = 0;
        for (int round = 0; round < ROUNDS; round++) {
            for (int patient = 0; patient < patients; patient++) {
                var latest = query.cachedAnswer(selector(patient));
                if (latest.isPresent()) {
                    check(latest.get().size());
                    answeredFromMemory++;
                }
            }
        }
        print(
                "queried again, answered from memory",
                answeredFromMemory,
                System.nanoTime() - startNanos,
                bytesRead() - bytesBefore);
        System.out.printf(
                "%,d of %,d series in memory%n", answeredFromMemory / ROUNDS * CODES.size(), patients * CODES.size());
    }

    private static SeriesSelector selector(int patient) {
        return new SeriesSelector(new Subject.OfPatient("patient-" + patient), Set.of());
    }

    private static void check(int readings) {
        if (readings != CODES.size()) {
            throw new IllegalStateException("expected " + CODES.size() + " readings, but got " + readings);
        }
    }

    private static void print(String name, int count, long nanos, long bytesRead) {
        System.out.printf(
                "%s: %,d patients, %.2f us each; %,d bytes were read from files%n",
                name, count, nanos / 1e3 / count, bytesRead);
    }

    /** The bytes that this process read from files, also from the system's cache; reading this number is included. */
    private static long bytesRead() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/io"))) {
            return lines.filter(line -> line.startsWith("rchar: "))
                    .mapToLong(line -> Long.parseLong(line.substring(7)))
                    .sum();
        }
    }

    private static <T> T await(Uni<T> result) {
        return result.await().atMost(Duration.ofMinutes(5));
    }
}
