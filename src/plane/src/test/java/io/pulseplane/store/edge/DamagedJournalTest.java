package io.pulseplane.store.edge;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.files.PrivateFiles.Access;
import io.pulseplane.store.AppendResult;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.maintenance.FullDiskPolicy;
import io.pulseplane.store.edge.maintenance.Retention;
import io.pulseplane.store.edge.maintenance.Verification;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.TimeRange;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was acknowledged and is damaged in the journal is told, wherever a bit flips in its pages. */
class DamagedJournalTest {

    private static final int ROUNDS = Integer.getInteger("pulseplane.journal.rounds", 60);
    private static final long SEED = Long.getLong("pulseplane.journal.seed", System.nanoTime());

    private static final int PATIENTS = 8;
    private static final int BATCHES = 12;
    private static final int READINGS = 40;

    /** The number of a batch an hour after the others. */
    private static final int LATER = 100;

    /** Compacts only when it is told to. */
    private static final EdgeSettings SETTINGS = new EdgeSettings(
            1,
            Optional.empty(),
            List.of(),
            Long.MAX_VALUE / 32,
            Duration.ofDays(1),
            Retention.UNLIMITED,
            OptionalLong.empty(),
            FullDiskPolicy.REFUSE,
            Access.OWNER,
            Optional.empty());

    private static final long START = 1_763_000_000_000_000L;
    private static final long SECOND = TimeUnit.SECONDS.toMicros(1);

    @TempDir
    Path directory;

    private final AtomicLong now = new AtomicLong(START);

    private EdgeStore open(Path directory) {
        return EdgeStore.open(directory, SETTINGS, now::get);
    }

    private static String patient(int number) {
        return "p" + number % PATIENTS;
    }

    /** What was measured in the seconds before it was sent. */
    private static Columns columns(int number) {
        long sent = START + (number + 1L) * READINGS * SECOND;
        return new Columns(
                series(patient(number), "d" + number % PATIENTS, HEART_RATE),
                LongStream.range(0, READINGS)
                        .map(i -> sent - (READINGS - i) * SECOND)
                        .toArray(),
                new SplittableRandom(number).doubles(READINGS, 30, 200).toArray());
    }

    private void send(EdgeStore store, int number) {
        now.set(START + (number + 1L) * READINGS * SECOND);
        assertThat(await(store.readings().append(List.of(batch(1 + number, columns(number)))))
                        .getFirst())
                .isInstanceOf(AppendResult.Stored.class);
    }

    private Path storeWithJournal() {
        var data = directory.resolve("data");
        var store = open(data);
        for (int number = 0; number < PATIENTS; number++) {
            send(store, number);
        }
        await(store.compact());
        for (int number = PATIENTS; number < PATIENTS + BATCHES; number++) {
            send(store, number);
        }
        store.close();
        return data;
    }

    @Test
    void a_flipped_bit_in_a_page_of_the_journal_loses_nothing_silently() throws Exception {
        System.out.println("pulseplane.journal.seed=" + SEED);
        var data = storeWithJournal();
        var pages = journalPages(data);
        assertThat(pages).hasSizeGreaterThan(2);
        var random = new SplittableRandom(SEED);
        int lost = 0;
        for (int round = 0; round < ROUNDS; round++) {
            var copy = RawDatabase.copy(data, directory.resolve("round-" + round));
            var file = copy.resolve("pulseplane.db");
            var bytes = Files.readAllBytes(file);
            int page = pages.get(random.nextInt(pages.size()));
            int at = (page - 1) * Database.PAGE_BYTES
                    + (round % 3 == 0 ? random.nextInt(16) : random.nextInt(Database.PAGE_BYTES));
            bytes[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, bytes);
            lost += check(copy, "byte " + at + ", seed " + SEED);
        }
        assertThat(lost).isPositive();
    }

    /** Returns how many batches are lost. */
    private int check(Path data, String where) throws Exception {
        now.set(START + (PATIENTS + BATCHES) * READINGS * SECOND);
        EdgeStore store;
        try {
            store = open(data);
        } catch (PlaneException.DataLoss _) {
            return 0;
        }
        int lost = 0;
        try {
            for (int run = 0; run < 2; run++) {
                lost = missing(store, where);
                if (lost > 0) {
                    assertThat(store.lostBatches()).as(where).isPositive();
                }
                close(store);
                if (lost > 0) {
                    var findings = Verification.verify(data, KeyEncryptionKey.read(data.resolve("node.key")))
                            .findings();
                    assertThat(findings).as(where).isNotEmpty();
                }
                store = open(data);
            }
            sendAnother(store);
        } finally {
            close(store);
        }
        return lost;
    }

    /** A plane that stops says when a damaged page keeps it from moving the log into the database; the log stays. */
    private static void close(EdgeStore store) {
        try {
            store.close();
        } catch (IllegalStateException unclean) {
            assertThat(unclean).hasMessageContaining("acknowledged batches are safe");
        }
    }

    /** A batch that is measured well after the damage is stored, or refused if it needs the damaged page. */
    private void sendAnother(EdgeStore store) {
        var later = columns(LATER);
        try {
            send(store, LATER);
        } catch (PlaneException.DataLoss _) {
            return;
        }
        var range = new TimeRange(later.lastTime(), later.lastTime() + 1);
        assertThat(await(store.readings().read(later.series(), range, Order.OLDEST_FIRST, 1))
                        .size())
                .isEqualTo(1);
    }

    /** How many batches are not there. Each query for one of them fails. */
    private static int missing(EdgeStore store, String where) {
        int lost = 0;
        for (int number = 0; number < PATIENTS + BATCHES; number++) {
            var expected = columns(number);
            var range = new TimeRange(expected.firstTime(), expected.lastTime() + 1);
            try {
                assertThat(await(
                                store.readings().read(expected.series(), range, Order.OLDEST_FIRST, Integer.MAX_VALUE)))
                        .as(where + ", batch " + number)
                        .isEqualTo(expected);
            } catch (PlaneException.DataLoss _) {
                lost++;
            }
        }
        return lost;
    }

    @Test
    void an_entry_that_is_missing_is_told_after_compaction_and_restarts_too() throws Exception {
        var data = storeWithJournal();
        RawDatabase.update(data, "DELETE FROM journal WHERE number = (SELECT min(number) + 3 FROM journal)");
        var lost = columns(PATIENTS + 3);
        for (int run = 0; run < 3; run++) {
            var store = open(data);
            try {
                assertThat(store.lostBatches()).isEqualTo(1);
                assertThatThrownBy(() -> await(store.readings()
                                .read(lost.series(), TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE)))
                        .isInstanceOf(PlaneException.DataLoss.class)
                        .hasMessageContaining("batches that were stored from");
                assertThat(missing(store, "run " + run)).isLessThan(6);
                await(store.compact());
            } finally {
                store.close();
            }
        }
        assertThat(Verification.verify(data, KeyEncryptionKey.read(data.resolve("node.key")))
                        .findings())
                .singleElement()
                .asString()
                .contains("the patient is not known");
    }

    /** The pages of the rows of the journal, found by the seal of its payloads. */
    private static List<Integer> journalPages(Path data) throws Exception {
        var file = Files.readString(data.resolve("pulseplane.db"), StandardCharsets.ISO_8859_1);
        var pages = new ArrayList<Integer>();
        for (var payload :
                RawDatabase.queryBlobs(data.resolve("pulseplane.db"), "SELECT payload FROM journal ORDER BY number")) {
            int at = file.indexOf(new String(payload, 0, 32, StandardCharsets.ISO_8859_1));
            if (!pages.contains(at / Database.PAGE_BYTES + 1)) {
                pages.add(at / Database.PAGE_BYTES + 1);
            }
        }
        return pages;
    }
}
