package io.pulseplane.store.edge;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.FixedWindows;
import io.pulseplane.store.Patient;
import io.pulseplane.store.Store;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.ValueRange;
import io.smallrye.mutiny.Uni;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs random operations on the edge store and on a reference store in memory, and compares the results. {@code
 * -Dpulseplane.differential.operations} sets how many, and {@code -Dpulseplane.differential.seed} the seed.
 */
class DifferentialTest {

    private static final int OPERATIONS = Integer.getInteger("pulseplane.differential.operations", 3_000);
    private static final long SEED = Long.getLong("pulseplane.differential.seed", System.nanoTime());

    private static final int PATIENTS = 4;
    private static final int DEVICES = 5;

    /** How many batches are kept, to be sent again. */
    private static final int MAX_REMEMBERED_BATCHES = 10_000;

    private static final int REPORT_AFTER = 100_000;
    /** Some leave out one reading in ten, some most, some all, and some none, although they have bounds. */
    private static final ValueRange[] COUNTED = {
        ValueRange.ALL,
        new ValueRange(0, 62),
        new ValueRange(0.1, 62),
        new ValueRange(60, 61),
        new ValueRange(61, 90),
        new ValueRange(70, 80)
    };

    private static final String[] CODES = {"8867-4", "9279-1", "59408-5"};

    /** Compares with a tolerance that is only as large as the rounding errors of another order of summation. */
    private static final Comparator<Double> ROUNDED =
            (a, b) -> Math.abs(a - b) <= 1e-10 * Math.max(1, Math.abs(b)) ? 0 : Double.compare(a, b);

    @TempDir
    Path directory;

    private final AtomicLong clock = new AtomicLong(1_763_000_000_000_000L);
    private final Random random = new Random(SEED);
    private final MemoryStore reference = new MemoryStore(clock::get);
    private final List<ScreenedBatch> sentBatches = new ArrayList<>();
    private final long[] sequences = new long[DEVICES];
    private EdgeStore edge;

    @Test
    void every_result_equals_that_of_the_reference_store() {
        System.out.println("pulseplane.differential.seed=" + SEED);
        edge = EdgeStore.open(directory, 2, clock::get);
        try {
            for (int i = 0; i < OPERATIONS; i++) {
                clock.addAndGet(random.nextInt(1_000));
                operate();
                if ((i + 1) % REPORT_AFTER == 0) {
                    System.out.println("operations with equal results: " + (i + 1));
                }
            }
        } finally {
            edge.close();
        }
    }

    private void operate() {
        int choice = random.nextInt(1_000);
        if (choice < 450) {
            compareAppend();
        } else if (choice < 750) {
            compareRead();
        } else if (choice < 900) {
            compareAggregates();
        } else if (choice < 985) {
            compareQueries();
        } else if (choice < 995) {
            await(edge.compact());
        } else if (choice < 998) {
            edge.close();
            edge = EdgeStore.open(directory, 2, clock::get);
        } else {
            erase();
        }
    }

    private void compareAppend() {
        var group = new ArrayList<ScreenedBatch>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            group.add(
                    random.nextInt(20) == 0 && !sentBatches.isEmpty()
                            ? sentBatches.get(random.nextInt(sentBatches.size()))
                            : batch());
        }
        group.forEach(this::remember);
        var expected = await(reference.append(group));
        var actual = await(edge.readings().append(group));
        for (int i = 0; i < group.size(); i++) {
            assertSameResult(expected.get(i), actual.get(i));
        }
    }

    private void remember(ScreenedBatch batch) {
        if (sentBatches.size() < MAX_REMEMBERED_BATCHES) {
            sentBatches.add(batch);
        } else {
            sentBatches.set(random.nextInt(MAX_REMEMBERED_BATCHES), batch);
        }
    }

    /** The edge store may lose the receipt of a batch whose patient was erased. */
    private static void assertSameResult(AppendResult expected, AppendResult actual) {
        if (!(expected instanceof AppendResult.Repeated && actual instanceof AppendResult.PatientErased)) {
            assertThat(actual).isEqualTo(expected);
        }
    }

    private ScreenedBatch batch() {
        int device = random.nextInt(DEVICES);
        var blocks = new ArrayList<ScreenedBatch.Block>();
        // All devices but one stay on one patient.
        int patient = device == 0 ? random.nextInt(PATIENTS) : device % PATIENTS;
        for (int code = random.nextInt(CODES.length); code < CODES.length; code++) {
            blocks.add(new ScreenedBatch.Block(
                    columns(new Series("p" + patient, "d" + device, CODES[code], "/min")), null));
        }
        long sequence = random.nextInt(30) == 0 ? random.nextLong(1, 1_000) : ++sequences[device];
        return new ScreenedBatch(
                "d" + device, "p" + patient, sequence, random.nextLong(), blocks, random.nextInt(2), List.of());
    }

    private Columns columns(Series series) {
        int size = 1 + (random.nextInt(50) == 0 ? random.nextInt(5_000) : random.nextInt(40));
        // Mostly after the stored readings, and sometimes between them, so that some readings are sent twice.
        long start = random.nextInt(4) == 0 ? random.nextLong(500_000) : clock.get() % 1_000_000 * 10;
        var readings = new TreeMap<Long, Double>();
        long time = start;
        for (int i = 0; i < size; i++) {
            time += 1 + random.nextInt(20);
            readings.put(time, random.nextInt(10) == 0 ? random.nextDouble() : 600 / 10.0 + random.nextInt(3));
        }
        return new Columns(
                series,
                readings.keySet().stream().mapToLong(Long::longValue).toArray(),
                readings.values().stream().mapToDouble(Double::doubleValue).toArray());
    }

    private void compareRead() {
        var series = new Series(
                "p" + random.nextInt(PATIENTS),
                "d" + random.nextInt(DEVICES),
                CODES[random.nextInt(CODES.length)],
                "/min");
        long from = random.nextInt(3) == 0 ? 0 : random.nextLong(10_000_000);
        long to = random.nextInt(3) == 0 ? Long.MAX_VALUE : from + random.nextLong(3_000_000);
        var order = random.nextBoolean() ? Order.OLDEST_FIRST : Order.NEWEST_FIRST;
        int limit = 1 + random.nextInt(random.nextBoolean() ? 20 : 20_000);
        var range = new TimeRange(from, to);
        assertThat(await(edge.readings().read(series, range, order, limit)))
                .isEqualTo(await(reference.read(series, range, order, limit)));
    }

    private void compareAggregates() {
        var series = new Series(
                "p" + random.nextInt(PATIENTS),
                "d" + random.nextInt(DEVICES),
                CODES[random.nextInt(CODES.length)],
                "/min");
        long from = random.nextInt(3) == 0 ? 0 : random.nextLong(10_000_000);
        long to = random.nextInt(3) == 0 ? Long.MAX_VALUE : from + random.nextLong(3_000_000);
        var grid = random.nextInt(3) == 0
                ? FixedWindows.ALL_TIME
                : FixedWindows.startingAt(random.nextLong(1_000_000), 1 + random.nextLong(1_000_000));
        int limit = 1 + random.nextInt(30);
        var range = new TimeRange(from, to);
        var counted = COUNTED[random.nextInt(COUNTED.length)];
        var expected = await(reference.aggregate(series, range, counted, grid, limit));
        var actual = await(edge.readings().aggregate(series, range, counted, grid, limit));
        assertThat(actual.windowIndexes()).isEqualTo(expected.windowIndexes());
        assertThat(actual.counts()).isEqualTo(expected.counts());
        assertThat(actual.mins()).isEqualTo(expected.mins());
        assertThat(actual.maxs()).isEqualTo(expected.maxs());
        assertThat(actual.firstTimes()).isEqualTo(expected.firstTimes());
        assertThat(actual.firstValues()).isEqualTo(expected.firstValues());
        assertThat(actual.lastTimes()).isEqualTo(expected.lastTimes());
        assertThat(actual.lastValues()).isEqualTo(expected.lastValues());
        // The edge store sums in another order.
        assertThat(actual.sums()).usingElementComparator(ROUNDED).containsExactly(expected.sums());
        assertThat(actual.means()).usingElementComparator(ROUNDED).containsExactly(expected.means());
        assertThat(actual.sumsOfSquaredDeviations())
                .usingElementComparator(ROUNDED)
                .containsExactly(expected.sumsOfSquaredDeviations());
    }

    private void compareQueries() {
        for (var subject : List.of(
                new Subject.OfPatient("p" + random.nextInt(PATIENTS)),
                new Subject.OfDevice("d" + random.nextInt(DEVICES)))) {
            assertThat(await(edge.readings().latest(subject))).isEqualTo(await(reference.latest(subject)));
            assertThat(await(edge.readings().series(subject))).isEqualTo(await(reference.series(subject)));
            assertThat(await(edge.registry().isRegistered(subject))).isEqualTo(await(reference.isRegistered(subject)));
        }
        var device = "d" + random.nextInt(DEVICES);
        assertThat(await(edge.registry().device(device))).isEqualTo(await(reference.device(device)));
    }

    private void erase() {
        var patient = "p" + random.nextInt(PATIENTS);
        if (await(reference.patient(patient)).isPresent()) {
            assertThat(await(edge.registry().erasePatient(patient))).isEqualTo(await(reference.erasePatient(patient)));
            await(registerAgain(reference, patient));
            await(registerAgain(edge, patient));
        }
    }

    private static Uni<?> registerAgain(Store store, String patient) {
        return store.registry().putPatient(Patient.provisional(patient, 0));
    }

    private static <T> T await(Uni<T> result) {
        return result.await().atMost(Duration.ofSeconds(60));
    }
}
