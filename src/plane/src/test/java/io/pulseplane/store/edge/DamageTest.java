package io.pulseplane.store.edge;

import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.store.AppendResult;
import io.pulseplane.store.edge.tables.ChunkTable;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damage costs the readings that it hit, and whoever asks for them is told. */
class DamageTest {

    private static final int ROUNDS = Integer.getInteger("pulseplane.damage.rounds", 40);
    private static final long SEED = Long.getLong("pulseplane.damage.seed", System.nanoTime());

    private static final Series ADA = series("ada", "d1", ReadingFixtures.HEART_RATE);
    private static final Series BOB = series("bob", "d2", ReadingFixtures.HEART_RATE);

    /** Longer than a chunk may reach, so that each of these begins one. */
    private static final long APART = 2 * ChunkTable.MAX_SPAN_MICROS;

    @TempDir
    Path directory;

    private EdgeStore store;

    @BeforeEach
    void three_chunks_of_each() {
        store = open(directory);
        for (int chunk = 0; chunk < 3; chunk++) {
            append(1 + chunk, run(ADA, chunk * APART));
            append(1 + chunk, run(BOB, chunk * APART));
        }
        await(store.compact());
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static EdgeStore open(Path directory) {
        return EdgeStore.open(directory, 1, () -> 1_763_000_000_000_000L);
    }

    /** Ten readings at every tenth microsecond. */
    private static Columns run(Series series, long start) {
        var times = LongStream.range(0, 10).map(i -> start + 10 * i).toArray();
        return new Columns(
                series,
                times,
                LongStream.of(times).mapToDouble(DamageTest::value).toArray());
    }

    private static double value(long time) {
        return 60 + time % 37;
    }

    private AppendResult append(long sequence, Columns columns) {
        return await(store.readings().append(List.of(batch(sequence, columns)))).getFirst();
    }

    private Columns read(Series series, long from, long to) {
        return await(store.readings().read(series, new TimeRange(from, to), Order.OLDEST_FIRST, Integer.MAX_VALUE));
    }

    private void damageChunk(int of) throws Exception {
        store.close();
        var payload = RawDatabase.queryBlobs(
                        directory.resolve("pulseplane.db"),
                        "SELECT payload FROM chunk WHERE series = 1 AND first_us = " + of * APART)
                .getFirst();
        payload[payload.length / 2] ^= 0x10;
        RawDatabase.update(
                directory, "UPDATE chunk SET payload = ? WHERE series = 1 AND first_us = ?", payload, of * APART);
        store = open(directory);
    }

    @Test
    void of_a_chunk_costs_its_own_readings_and_nothing_else() throws Exception {
        damageChunk(1);
        assertThatThrownBy(() -> read(ADA, 0, Long.MAX_VALUE)).isInstanceOf(PlaneException.DataLoss.class);
        assertThatThrownBy(() -> read(ADA, APART + 40, APART + 41)).isInstanceOf(PlaneException.DataLoss.class);
        assertThat(read(ADA, 0, APART)).isEqualTo(run(ADA, 0));
        assertThat(read(ADA, APART + 91, Long.MAX_VALUE)).isEqualTo(run(ADA, 2 * APART));
        assertThat(read(BOB, 0, Long.MAX_VALUE).size()).isEqualTo(30);
        assertThat(await(store.readings().latest(new Subject.OfPatient("ada"))))
                .containsExactly(new Reading(ADA, 2 * APART + 90, value(2 * APART + 90)));
    }

    @Test
    void is_put_aside_by_what_comes_late_and_stays_known() throws Exception {
        damageChunk(1);
        assertThat(append(9, oneReading(ADA, APART + 45, 70))).isInstanceOf(AppendResult.Stored.class);
        await(store.compact());
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM quarantined_chunk"))
                .isEqualTo(1);
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM journal"))
                .isZero();
        assertThatThrownBy(() -> read(ADA, APART, APART + 46)).isInstanceOf(PlaneException.DataLoss.class);
        assertThat(read(ADA, 0, APART)).isEqualTo(run(ADA, 0));
        assertThat(read(ADA, APART + 91, Long.MAX_VALUE)).isEqualTo(run(ADA, 2 * APART));

        // The next journal goes into chunks as any other.
        append(10, oneReading(ADA, 3 * APART, 71));
        append(10, oneReading(BOB, APART + 45, 72));
        await(store.compact());
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM journal"))
                .isZero();
        assertThat(read(ADA, 2 * APART, Long.MAX_VALUE).size()).isEqualTo(11);
        assertThat(read(BOB, 0, Long.MAX_VALUE).size()).isEqualTo(31);
    }

    @Test
    void is_what_chunks_are_that_changed_places() throws Exception {
        store.close();
        var payloads = RawDatabase.queryBlobs(
                directory.resolve("pulseplane.db"), "SELECT payload FROM chunk WHERE series = 1 ORDER BY first_us");
        RawDatabase.update(
                directory, "UPDATE chunk SET payload = ? WHERE series = 1 AND first_us = 0", payloads.get(1));
        RawDatabase.update(
                directory, "UPDATE chunk SET payload = ? WHERE series = 1 AND first_us = ?", payloads.get(0), APART);
        RawDatabase.update(
                directory, "UPDATE chunk SET payload = ? WHERE series = 2 AND first_us = 0", payloads.get(0));
        store = open(directory);
        for (var range : List.of(new long[] {0, 100}, new long[] {APART, APART + 100})) {
            assertThatThrownBy(() -> read(ADA, range[0], range[1])).isInstanceOf(PlaneException.DataLoss.class);
        }
        assertThatThrownBy(() -> read(BOB, 0, 100)).isInstanceOf(PlaneException.DataLoss.class);
        assertThat(read(ADA, 2 * APART, Long.MAX_VALUE)).isEqualTo(run(ADA, 2 * APART));
        assertThat(read(BOB, APART, Long.MAX_VALUE).size()).isEqualTo(20);
    }

    @Test
    void of_a_batch_in_the_journal_costs_that_batch_which_the_device_may_send_again() throws Exception {
        var both = List.of(batch(4, oneReading(ADA, 3 * APART, 70)), batch(4, oneReading(BOB, 3 * APART, 71)));
        await(store.readings().append(both));
        append(5, oneReading(ADA, 4 * APART, 72));
        store.close();
        var entry = RawDatabase.queryBlobs(
                        directory.resolve("pulseplane.db"), "SELECT payload FROM journal ORDER BY number")
                .getFirst();
        entry[20] ^= 1;
        RawDatabase.update(
                directory, "UPDATE journal SET payload = ? WHERE number = (SELECT min(number) FROM journal)", entry);
        store = open(directory);
        assertThat(read(ADA, 3 * APART, Long.MAX_VALUE).times()).containsExactly(4 * APART);
        assertThat(read(BOB, 3 * APART, Long.MAX_VALUE).times()).containsExactly(3 * APART);
        assertThat(await(store.readings().append(both)))
                .hasExactlyElementsOfTypes(AppendResult.Stored.class, AppendResult.Repeated.class);
        assertThat(read(ADA, 3 * APART, Long.MAX_VALUE).size()).isEqualTo(2);
    }

    @Test
    void of_an_entry_of_the_journal_costs_the_rest_of_the_entry() throws Exception {
        append(4, oneReading(ADA, 3 * APART, 70));
        append(5, oneReading(ADA, 4 * APART, 72));
        store.close();
        RawDatabase.update(
                directory,
                "UPDATE journal SET payload = substr(payload, 1, 30) WHERE number = (SELECT min(number) FROM journal)");
        store = open(directory);
        assertThat(read(ADA, 3 * APART, Long.MAX_VALUE).times()).containsExactly(4 * APART);
        await(store.compact());
        assertThat(read(ADA, 3 * APART, Long.MAX_VALUE).times()).containsExactly(4 * APART);
    }

    @Test
    void of_receipts_costs_their_answers_and_no_batch() throws Exception {
        store.close();
        RawDatabase.update(directory, "UPDATE receipt SET payload = zeroblob(100) WHERE device = 1");
        store = open(directory);
        // Readings that are known are known without a receipt, too.
        assertThat(append(2, run(ADA, APART)))
                .isInstanceOfSatisfying(
                        AppendResult.Stored.class,
                        stored -> assertThat(stored.acknowledgement().duplicates())
                                .isEqualTo(10));
        assertThat(append(2, run(BOB, APART))).isInstanceOf(AppendResult.Repeated.class);
        assertThat(append(4, oneReading(ADA, 3 * APART, 70))).isInstanceOf(AppendResult.Stored.class);
        await(store.compact());
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM journal"))
                .isZero();
        assertThat(append(4, oneReading(ADA, 3 * APART, 70))).isInstanceOf(AppendResult.Repeated.class);
        assertThat(read(ADA, 0, Long.MAX_VALUE).size()).isEqualTo(31);
    }

    @Test
    void of_a_data_key_costs_one_patient() throws Exception {
        await(store.readings()
                .append(List.of(batch(4, oneReading(ADA, 3 * APART, 70)), batch(4, oneReading(BOB, 3 * APART, 71)))));
        store.close();
        RawDatabase.updateIn(
                directory.resolve("keys.db"), "UPDATE data_key SET wrapped = zeroblob(60) WHERE owner = 1");
        store = open(directory);
        assertThatThrownBy(() -> read(ADA, 0, 100)).isInstanceOf(PlaneException.DataLoss.class);
        assertThat(read(BOB, 0, Long.MAX_VALUE).size()).isEqualTo(31);
        append(5, oneReading(BOB, 4 * APART, 71));
        await(store.compact());
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM journal"))
                .isZero();
        assertThat(read(BOB, 0, Long.MAX_VALUE).size()).isEqualTo(32);
    }

    /**
     * SQLite has no checksums of its pages: what is struck there may make a row be not found. What is found is sealed, and
     * right.
     */
    @Test
    void anywhere_in_the_file_never_makes_a_wrong_value() throws Exception {
        System.out.println("pulseplane.damage.seed=" + SEED);
        append(4, run(ADA, 3 * APART));
        append(4, run(BOB, 3 * APART));
        var random = new SplittableRandom(SEED);
        store.close();
        int answered = 0;
        for (int round = 0; round < ROUNDS; round++) {
            var copy = RawDatabase.copy(directory, directory.resolve("round-" + round));
            flipBits(copy.resolve("pulseplane.db"), random, round);
            answered += queryAll(copy, round);
        }
        assertThat(answered).isPositive();
        store = open(directory);
    }

    private static void flipBits(Path file, SplittableRandom random, int round) throws Exception {
        try (var bytes = new RandomAccessFile(file.toFile(), "rw")) {
            if (round % 5 == 0) {
                bytes.setLength(random.nextLong(bytes.length()));
            }
            for (int i = random.nextInt(20); i >= 0 && bytes.length() > 0; i--) {
                long at = random.nextLong(bytes.length());
                bytes.seek(at);
                int before = bytes.read();
                bytes.seek(at);
                bytes.write(before ^ 1 << random.nextInt(8));
            }
        }
    }

    private static int queryAll(Path directory, int round) {
        EdgeStore store;
        try {
            store = open(directory);
        } catch (PlaneException _) {
            return 0;
        }
        try {
            return query(store, ADA, round) + query(store, BOB, round);
        } finally {
            store.close();
        }
    }

    private static int query(EdgeStore store, Series series, int round) {
        int answered = 0;
        for (int chunk = 0; chunk < 4; chunk++) {
            try {
                var range = new TimeRange(chunk * APART, (chunk + 1) * APART);
                var read = await(store.readings().read(series, range, Order.OLDEST_FIRST, Integer.MAX_VALUE));
                var right = byTime(run(series, chunk * APART));
                assertThat(right).as("round " + round + ", seed " + SEED).containsAllEntriesOf(byTime(read));
                answered += read.size();
            } catch (PlaneException _) {
                // Said, and not guessed.
            }
        }
        return answered;
    }

    private static Map<Long, Double> byTime(Columns columns) {
        var readings = new HashMap<Long, Double>();
        ReadingFixtures.readingsOf(columns).forEach(reading -> readings.put(reading.time(), reading.value()));
        return readings;
    }
}
