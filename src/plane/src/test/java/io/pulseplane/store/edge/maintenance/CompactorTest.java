package io.pulseplane.store.edge.maintenance;

import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.regularColumns;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.RawDatabase;
import io.pulseplane.store.edge.tables.ChunkTable;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that compaction makes few chunks, which do not overlap and have every reading once. */
class CompactorTest {

    private static final long SEED = Long.getLong("pulseplane.compaction.seed", System.nanoTime());
    private static final Series PULSE = series("ada", "d1", ReadingFixtures.HEART_RATE);
    private static final int READINGS_PER_BATCH = 10;

    @TempDir
    Path directory;

    private EdgeStore store;
    private long sequence;

    @BeforeEach
    void open() {
        store = open(directory);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static EdgeStore open(Path directory) {
        return EdgeStore.open(directory, 2, () -> 1_763_000_000_000_000L);
    }

    private void append(Columns columns) {
        await(store.readings().append(List.of(batch(++sequence, columns))));
    }

    private static Columns all(EdgeStore store, Series series) {
        return await(store.readings().read(series, TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE));
    }

    /** The readings of the n-th batch of a device, which follow those of the batch before. */
    private static Columns batchOf(long n) {
        var times = LongStream.range(n * READINGS_PER_BATCH, (n + 1) * READINGS_PER_BATCH)
                .toArray();
        return new Columns(
                PULSE,
                times,
                LongStream.of(times).mapToDouble(time -> time % 90).toArray());
    }

    private static Columns batches(long count) {
        var times = LongStream.range(0, count * READINGS_PER_BATCH).toArray();
        return new Columns(
                PULSE,
                times,
                LongStream.of(times).mapToDouble(time -> time % 90).toArray());
    }

    @Test
    void many_small_batches_become_few_chunks() throws Exception {
        for (int n = 0; n < 400; n++) {
            append(batchOf(n));
            if (n % 20 == 0) {
                await(store.compact());
            }
        }
        await(store.compact());
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM journal"))
                .isZero();
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM chunk"))
                .isLessThan(8);
        assertThat(RawDatabase.queryLong(directory, "SELECT sum(count) FROM chunk"))
                .isEqualTo(4_000);
        assertThat(all(store, PULSE)).isEqualTo(batches(400));
    }

    @Test
    void chunks_have_at_most_the_allowed_number_of_readings() throws Exception {
        for (int part = 0; part < 3; part++) {
            long start = part * 50_000L;
            var times = LongStream.range(start, start + 50_000).map(i -> 2 * i).toArray();
            append(new Columns(PULSE, times, new double[50_000]));
        }
        await(store.compact());
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM chunk"))
                .isEqualTo(3);
        assertWithinBounds();
        // Full chunks are split when readings come late.
        append(new Columns(PULSE, new long[] {1, 3, 100_001}, new double[3]));
        for (int n = 0; n < 2; n++) {
            var times = LongStream.range(n * 20_000L, (n + 1) * 20_000L)
                    .map(i -> 2 * i + 5)
                    .toArray();
            append(new Columns(PULSE, times, new double[20_000]));
        }
        await(store.compact());
        assertWithinBounds();
        assertThat(all(store, PULSE).size()).isEqualTo(190_003);
    }

    @Test
    void chunks_span_at_most_the_allowed_time() throws Exception {
        long day = ChunkTable.MAX_SPAN_MICROS / 7;
        for (var columns : List.of(regularColumns(day, 60, PULSE), regularColumns(day + 1, 60, PULSE))) {
            append(columns);
            await(store.compact());
            assertWithinBounds();
        }
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM chunk"))
                .isBetween(8L, 40L);
        assertThat(all(store, PULSE).size()).isEqualTo(120);
    }

    private void assertWithinBounds() throws Exception {
        assertThat(RawDatabase.queryLong(directory, "SELECT max(count) FROM chunk"))
                .isLessThanOrEqualTo(ChunkTable.MAX_READINGS);
        assertThat(RawDatabase.queryLong(directory, "SELECT max(last_us - first_us) FROM chunk"))
                .isLessThanOrEqualTo(ChunkTable.MAX_SPAN_MICROS);
        assertThat(RawDatabase.countOverlaps(directory)).isZero();
    }

    @Test
    void chunks_never_overlap_whatever_comes_late_or_twice() throws Exception {
        System.out.println("pulseplane.compaction.seed=" + SEED);
        var random = new SplittableRandom(SEED);
        var expected = new TreeMap<Long, Double>();
        for (int round = 0; round < 60; round++) {
            for (int n = random.nextInt(1, 6); n > 0; n--) {
                long start = random.nextLong(40) * ChunkTable.MAX_SPAN_MICROS / 9;
                var columns = ReadingFixtures.randomColumns(
                        random, PULSE, random.nextInt(1, 80), ChunkTable.MAX_SPAN_MICROS / 3);
                var times = LongStream.of(columns.times())
                        .map(time -> start + time / 1_000_000 * 1_000_000)
                        .distinct()
                        .toArray();
                var values =
                        LongStream.of(times).mapToDouble(time -> time % 977).toArray();
                LongStream.of(times).forEach(time -> expected.put(time, (double) (time % 977)));
                append(new Columns(PULSE, times, values));
            }
            await(store.compact());
            assertWithinBounds();
            assertThat(RawDatabase.queryLong(directory, "SELECT sum(count) FROM chunk"))
                    .isEqualTo(expected.size());
        }
        assertThat(all(store, PULSE).times())
                .isEqualTo(expected.keySet().stream().mapToLong(Long::longValue).toArray());
        assertThat(all(store, PULSE).values())
                .isEqualTo(expected.values().stream()
                        .mapToDouble(Double::doubleValue)
                        .toArray());
    }

    /** Appends and compacts until {@code stop} is set, and returns how many batches were acknowledged. */
    private CompletableFuture<Long> appendAndCompact(AtomicLong acknowledged, AtomicBoolean stop) {
        return CompletableFuture.supplyAsync(
                        () -> {
                            while (!stop.get()) {
                                append(batchOf(acknowledged.get()));
                                if (acknowledged.incrementAndGet() % 7 == 0) {
                                    await(store.compact());
                                }
                            }
                            return acknowledged.get();
                        },
                        OWN_THREAD)
                // So that a test which waits for acknowledged batches does not wait forever.
                .whenComplete((_, failure) -> {
                    if (failure != null) {
                        acknowledged.set(FAILED);
                    }
                });
    }

    private void whileAppending(AtomicLong acknowledged, Callable<Void> work) throws Exception {
        var stop = new AtomicBoolean();
        var appending = appendAndCompact(acknowledged, stop);
        try {
            work.call();
        } finally {
            stop.set(true);
            appending.join();
        }
    }

    /** Not the common pool, whose threads have the class loader of the test that first used them. */
    private static final Executor OWN_THREAD = work -> Thread.ofPlatform().start(work);

    /** More than the number of batches that a test appends. */
    private static final long FAILED = 1_000_000;

    @Test
    void queries_during_compaction_miss_no_reading_and_return_none_twice() throws Exception {
        var acknowledged = new AtomicLong();
        whileAppending(acknowledged, () -> {
            while (acknowledged.get() < 400) {
                long before = acknowledged.get();
                var read = all(store, PULSE);
                assertThat((long) read.size())
                        .isBetween(before * READINGS_PER_BATCH, (acknowledged.get() + 1) * READINGS_PER_BATCH);
                assertThat(read).isEqualTo(batches(read.size() / READINGS_PER_BATCH));
                if (before > 0) {
                    long newest = before * READINGS_PER_BATCH - 1;
                    assertThat(await(store.readings().latest(ReadingFixtures.ADA))
                                    .getFirst()
                                    .time())
                            .isGreaterThanOrEqualTo(newest);
                }
            }
            return null;
        });
    }

    /** Opens copies of the files, as a plane leaves them that dies between two transactions. */
    @Test
    void compaction_that_was_interrupted_anywhere_loses_no_reading_and_stores_none_twice() throws Exception {
        var acknowledged = new AtomicLong();
        append(oneReading(series("bob", "d2", ReadingFixtures.HEART_RATE), 1, 1));
        whileAppending(acknowledged, () -> {
            for (int copies = 0; copies < 25; copies++) {
                long before;
                var copy = directory.resolve("copy-" + copies);
                try (var connection = RawDatabase.connect(directory.resolve("pulseplane.db"))) {
                    connection.createStatement().execute("BEGIN IMMEDIATE");
                    before = acknowledged.get();
                    RawDatabase.copy(directory, copy);
                }
                assertNothingIsLost(copy, before);
            }
            return null;
        });
    }

    private static void assertNothingIsLost(Path copy, long acknowledged) throws Exception {
        var opened = open(copy);
        try {
            var read = all(opened, PULSE);
            assertThat((long) read.size())
                    .isBetween(acknowledged * READINGS_PER_BATCH, (acknowledged + 1) * READINGS_PER_BATCH);
            assertThat(read).isEqualTo(batches(read.size() / READINGS_PER_BATCH));
            await(opened.compact());
            assertThat(all(opened, PULSE)).isEqualTo(read);
            assertThat(RawDatabase.queryLong(copy, "SELECT sum(count) FROM chunk"))
                    .isEqualTo(read.size() + 1);
            assertThat(RawDatabase.countOverlaps(copy)).isZero();
        } finally {
            opened.close();
        }
    }
}
