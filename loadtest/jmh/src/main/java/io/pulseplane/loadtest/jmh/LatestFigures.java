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
 * Whether the latest readings of many series are answered without the disk: asks for those of every patient once, which fills
 * the memory, then for all of them again, and counts what the process read meanwhile as Linux has it.
 *
 * <p>Arguments: a directory on the disk to be measured; how many series, five of each patient; bytes that latest readings may
 * take, as {@code pulseplane.live.latest-memory} says.
 */
public final class LatestFigures {

    private static final List<String> CODES = List.of("8867-4", "9279-1", "59408-5", "8310-5", "2339-0");
    private static final int GROUP = 1_000;
    private static final int ROUNDS = 20;

    private final int patients;
    private final LatestCache values;
    private final LatestQuery query;

    private LatestFigures(EdgeStore store, int patients, long maxBytes) {
        this.patients = patients;
        this.values = new LatestCache(maxBytes);
        this.query = new LatestQuery(values, store);
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
        long begun = System.nanoTime();
        long read = bytesRead();
        for (int patient = 0; patient < patients; patient++) {
            check(await(query.execute(question(patient))).size());
        }
        print("asked for the first time", patients, System.nanoTime() - begun, bytesRead() - read);
        begun = System.nanoTime();
        read = bytesRead();
        int known = 0;
        for (int round = 0; round < ROUNDS; round++) {
            for (int patient = 0; patient < patients; patient++) {
                var answer = query.cachedAnswer(question(patient));
                if (answer.isPresent()) {
                    check(answer.get().size());
                    known++;
                }
            }
        }
        print("asked again, answered from memory", known, System.nanoTime() - begun, bytesRead() - read);
        System.out.printf("%,d of %,d series in memory%n", known / ROUNDS * CODES.size(), patients * CODES.size());
    }

    private static SeriesSelector question(int patient) {
        return new SeriesSelector(new Subject.OfPatient("patient-" + patient), Set.of());
    }

    private static void check(int readings) {
        if (readings != CODES.size()) {
            throw new IllegalStateException(readings + " readings");
        }
    }

    private static void print(String what, int count, long nanos, long read) {
        System.out.printf(
                "%s: %,d patients, %.2f us each; %,d bytes were read from files%n",
                what, count, nanos / 1e3 / count, read);
    }

    /** What this process has had read from files, cached by the system or not; that of looking it up is in it. */
    private static long bytesRead() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/io"))) {
            return lines.filter(line -> line.startsWith("rchar: "))
                    .mapToLong(line -> Long.parseLong(line.substring(7)))
                    .sum();
        }
    }

    private static <T> T await(Uni<T> answer) {
        return answer.await().atMost(Duration.ofMinutes(5));
    }
}
