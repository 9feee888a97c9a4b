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
import java.nio.file.Files;
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

/** Tests that damage on disk loses only what it hit, and that queries for lost readings fail with {@code DataLoss}. */
class DamageTest {

    private static final int ROUNDS = Integer.getInteger("pulseplane.damage.rounds", 40);
    private static final long SEED = Long.getLong("pulseplane.damage.seed", System.nanoTime());

    private static final Series ADA = series("ada", "d1", ReadingFixtures.HEART_RATE);
    private static final Series BOB = series("bob", "d2", ReadingFixtures.HEART_RATE);

    /** More than a chunk may span, so that readings this far apart are in chunks of their own. */
    private static final long GAP = 2 * ChunkTable.MAX_SPAN_MICROS;

    private static final long NOW = 1_763_000_000_000_000L;
    private static final long HOUR = 3_600_000_000L;

    @TempDir
    Path directory;

    private EdgeStore store;

    @BeforeEach
    void open_a_store_with_three_chunks_of_two_patients() {
        store = open(directory);
        for (int chunk = 0; chunk < 3; chunk++) {
            append(1 + chunk, run(ADA, chunk * GAP));
            append(1 + chunk, run(BOB, chunk * GAP));
        }
        await(store.compact());
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static EdgeStore open(Path directory) {
        return EdgeStore.open(directory, 1, () -> NOW);
    }

    /** Ten readings, one every ten microseconds. */
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

    private void damageChunk(int index) throws Exception {
        store.close();
        var payload = RawDatabase.queryBlobs(
                        directory.resolve("pulseplane.db"),
                        "SELECT payload FROM chunk WHERE series = 1 AND first_us = " + index * GAP)
                .getFirst();
        payload[payload.length / 2] ^= 0x10;
        RawDatabase.update(
                directory, "UPDATE chunk SET payload = ? WHERE series = 1 AND first_us = ?", payload, index * GAP);
        store = open(directory);
    }

    @Test
    void a_damaged_chunk_loses_its_own_readings_only() throws Exception {
        damageChunk(1);
        assertThatThrownBy(() -> read(ADA, 0, Long.MAX_VALUE)).isInstanceOf(PlaneException.DataLoss.class);
        assertThatThrownBy(() -> read(ADA, GAP + 40, GAP + 41)).isInstanceOf(PlaneException.DataLoss.class);
        assertThat(read(ADA, 0, GAP)).isEqualTo(run(ADA, 0));
        assertThat(read(ADA, GAP + 91, Long.MAX_VALUE)).isEqualTo(run(ADA, 2 * GAP));
        assertThat(read(BOB, 0, Long.MAX_VALUE).size()).isEqualTo(30);
        assertThat(await(store.readings().latest(new Subject.OfPatient("ada"))))
                .containsExactly(new Reading(ADA, 2 * GAP + 90, value(2 * GAP + 90)));
    }

    @Test
    void a_damaged_chunk_goes_to_quarantine_when_late_readings_come_and_is_still_reported() throws Exception {
        damageChunk(1);
        assertThat(append(9, oneReading(ADA, GAP + 45, 70))).isInstanceOf(AppendResult.Stored.class);
        await(store.compact());
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM quarantined_chunk"))
                .isEqualTo(1);
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM journal"))
                .isZero();
        assertThatThrownBy(() -> read(ADA, GAP, GAP + 46)).isInstanceOf(PlaneException.DataLoss.class);
        assertThat(read(ADA, 0, GAP)).isEqualTo(run(ADA, 0));
        assertThat(read(ADA, GAP + 91, Long.MAX_VALUE)).isEqualTo(run(ADA, 2 * GAP));

        // The next compaction works as usual.
        append(10, oneReading(ADA, 3 * GAP, 71));
        append(10, oneReading(BOB, GAP + 45, 72));
        await(store.compact());
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM journal"))
                .isZero();
        assertThat(read(ADA, 2 * GAP, Long.MAX_VALUE).size()).isEqualTo(11);
        assertThat(read(BOB, 0, Long.MAX_VALUE).size()).isEqualTo(31);
    }

    @Test
    void chunks_that_changed_places_are_lost() throws Exception {
        store.close();
        var payloads = RawDatabase.queryBlobs(
                directory.resolve("pulseplane.db"), "SELECT payload FROM chunk WHERE series = 1 ORDER BY first_us");
        RawDatabase.update(
                directory, "UPDATE chunk SET payload = ? WHERE series = 1 AND first_us = 0", payloads.get(1));
        RawDatabase.update(
                directory, "UPDATE chunk SET payload = ? WHERE series = 1 AND first_us = ?", payloads.get(0), GAP);
        RawDatabase.update(
                directory, "UPDATE chunk SET payload = ? WHERE series = 2 AND first_us = 0", payloads.get(0));
        store = open(directory);
        for (var range : List.of(new long[] {0, 100}, new long[] {GAP, GAP + 100})) {
            assertThatThrownBy(() -> read(ADA, range[0], range[1])).isInstanceOf(PlaneException.DataLoss.class);
        }
        assertThatThrownBy(() -> read(BOB, 0, 100)).isInstanceOf(PlaneException.DataLoss.class);
        assertThat(read(ADA, 2 * GAP, Long.MAX_VALUE)).isEqualTo(run(ADA, 2 * GAP));
        assertThat(read(BOB, GAP, Long.MAX_VALUE).size()).isEqualTo(20);
    }

    @Test
    void a_damaged_batch_in_the_journal_is_lost_alone_and_the_device_may_send_it_again() throws Exception {
        var both = List.of(batch(4, oneReading(ADA, 3 * GAP, 70)), batch(4, oneReading(BOB, 3 * GAP, 71)));
        await(store.readings().append(both));
        append(5, oneReading(ADA, 4 * GAP, 72));
        store.close();
        var entry = RawDatabase.queryBlobs(
                        directory.resolve("pulseplane.db"), "SELECT payload FROM journal ORDER BY number")
                .getFirst();
        entry[20] ^= 1;
        RawDatabase.update(
                directory, "UPDATE journal SET payload = ? WHERE number = (SELECT min(number) FROM journal)", entry);
        store = open(directory);
        assertThat(read(ADA, 3 * GAP, NOW - HOUR).times()).containsExactly(4 * GAP);
        assertThatThrownBy(() -> read(ADA, 3 * GAP, Long.MAX_VALUE)).isInstanceOf(PlaneException.DataLoss.class);
        assertThatThrownBy(() -> await(store.readings().latest(new Subject.OfPatient("ada"))))
                .isInstanceOf(PlaneException.DataLoss.class);
        assertThat(read(BOB, 3 * GAP, Long.MAX_VALUE).times()).containsExactly(3 * GAP);
        assertThat(await(store.readings().append(both)))
                .hasExactlyElementsOfTypes(AppendResult.Stored.class, AppendResult.Repeated.class);
        assertThat(read(ADA, 3 * GAP, NOW - HOUR).size()).isEqualTo(2);
    }

    @Test
    void a_truncated_entry_of_the_journal_loses_the_rest_of_the_entry_only() throws Exception {
        append(4, oneReading(ADA, 3 * GAP, 70));
        append(5, oneReading(ADA, 4 * GAP, 72));
        store.close();
        RawDatabase.update(
                directory,
                "UPDATE journal SET payload = substr(payload, 1, 30) WHERE number = (SELECT min(number) FROM journal)");
        store = open(directory);
        for (int run = 0; run < 2; run++) {
            assertThat(read(ADA, 3 * GAP, NOW - HOUR).times()).containsExactly(4 * GAP);
            for (var series : List.of(ADA, BOB)) {
                assertThatThrownBy(() -> read(series, NOW - 1, NOW)).isInstanceOf(PlaneException.DataLoss.class);
            }
            assertThat(await(store.readings().latest(new Subject.OfPatient("bob"))))
                    .isNotEmpty();
            await(store.compact());
        }
    }

    @Test
    void damaged_receipts_lose_no_batch_and_no_later_receipt() throws Exception {
        store.close();
        RawDatabase.update(directory, "UPDATE receipt SET payload = zeroblob(100) WHERE device = 1");
        store = open(directory);
        // Without a receipt, stored readings are recognised as duplicates one by one.
        assertThat(append(2, run(ADA, GAP)))
                .isInstanceOfSatisfying(
                        AppendResult.Stored.class,
                        stored -> assertThat(stored.acknowledgement().duplicates())
                                .isEqualTo(10));
        assertThat(append(2, run(BOB, GAP))).isInstanceOf(AppendResult.Repeated.class);
        assertThat(append(4, oneReading(ADA, 3 * GAP, 70))).isInstanceOf(AppendResult.Stored.class);
        await(store.compact());
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM journal"))
                .isZero();
        assertThat(append(4, oneReading(ADA, 3 * GAP, 70))).isInstanceOf(AppendResult.Repeated.class);
        assertThat(read(ADA, 0, Long.MAX_VALUE).size()).isEqualTo(31);
    }

    @Test
    void a_damaged_data_key_loses_one_patient_only() throws Exception {
        await(store.readings()
                .append(List.of(batch(4, oneReading(ADA, 3 * GAP, 70)), batch(4, oneReading(BOB, 3 * GAP, 71)))));
        store.close();
        Files.delete(directory.resolve("keys.copy"));
        RawDatabase.updateIn(
                directory.resolve("keys.db"), "UPDATE data_key SET wrapped = zeroblob(60) WHERE owner = 1");
        store = open(directory);
        assertThatThrownBy(() -> read(ADA, 0, 100)).isInstanceOf(PlaneException.DataLoss.class);
        assertThat(read(BOB, 0, Long.MAX_VALUE).size()).isEqualTo(31);
        append(5, oneReading(BOB, 4 * GAP, 71));
        await(store.compact());
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM journal"))
                .as("the entry stays that the right key would open")
                .isEqualTo(1);
        assertThat(read(BOB, 0, Long.MAX_VALUE).size()).isEqualTo(32);
    }

    /**
     * SQLite has no checksums of its pages, so damage there may hide a row. But every row that is found is sealed: its
     * values are right, or the store reports the damage.
     */
    @Test
    void damage_anywhere_in_the_file_never_changes_a_value() throws Exception {
        System.out.println("pulseplane.damage.seed=" + SEED);
        append(4, run(ADA, 3 * GAP));
        append(4, run(BOB, 3 * GAP));
        var random = new SplittableRandom(SEED);
        store.close();
        int found = 0;
        for (int round = 0; round < ROUNDS; round++) {
            var copy = RawDatabase.copy(directory, directory.resolve("round-" + round));
            flipBits(copy.resolve("pulseplane.db"), random, round);
            found += queryAll(copy, round);
        }
        assertThat(found).isPositive();
        store = open(directory);
    }

    private static void flipBits(Path file, SplittableRandom random, int round) throws Exception {
        try (var bytes = new RandomAccessFile(file.toFile(), "rw")) {
            if (round % 5 == 0) {
                bytes.setLength(random.nextLong(bytes.length()));
            }
            for (int i = random.nextInt(20); i >= 0 && bytes.length() > 0; i--) {
                long position = random.nextLong(bytes.length());
                bytes.seek(position);
                int original = bytes.read();
                bytes.seek(position);
                bytes.write(original ^ (1 << random.nextInt(8)));
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
        int found = 0;
        for (int chunk = 0; chunk < 4; chunk++) {
            try {
                var range = new TimeRange(chunk * GAP, (chunk + 1) * GAP);
                var read = await(store.readings().read(series, range, Order.OLDEST_FIRST, Integer.MAX_VALUE));
                var expected = byTime(run(series, chunk * GAP));
                assertThat(expected).as("round " + round + ", seed " + SEED).containsAllEntriesOf(byTime(read));
                found += read.size();
            } catch (PlaneException _) {
                // The store reports the damage, which is right.
            }
        }
        return found;
    }

    private static Map<Long, Double> byTime(Columns columns) {
        var readings = new HashMap<Long, Double>();
        ReadingFixtures.readingsOf(columns).forEach(reading -> readings.put(reading.time(), reading.value()));
        return readings;
    }
}
