package io.pulseplane.store.edge;

import static io.pulseplane.Readings.await;
import static io.pulseplane.Readings.batch;
import static io.pulseplane.Readings.one;
import static io.pulseplane.Readings.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.pulseplane.Readings;
import io.pulseplane.store.Assignment;
import io.pulseplane.store.Patient;
import io.pulseplane.store.Receipt;
import io.pulseplane.store.Rejections;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A database of the format that had a row for each reading, before anything was sealed. */
class MigrationTest {

    private static final Series ADA = series("ada-plain", "d1", Readings.PULSE);
    private static final Series BOB = series("bob-plain", "d2", Readings.PULSE);

    /** Moved in several steps, as are the receipts. */
    private static final int READINGS = 30_000;

    private static final int BATCHES = 5_000;
    private static final double TELLING = 101.734_920_118_352_7;

    @TempDir
    Path directory;

    private final TreeMap<Long, Double> ada = new TreeMap<>();
    private EdgeStore store;

    @BeforeEach
    void a_database_of_before() throws SQLException {
        try (var connection = OnDisk.connect(directory.resolve("pulseplane.db"))) {
            execute(connection, "PRAGMA journal_mode = WAL");
            connection.setAutoCommit(false);
            for (var step : Schema.STEPS.subList(0, 2)) {
                execute(connection, step.split(";\\s*\n"));
            }
            execute(
                    connection,
                    "PRAGMA application_id = " + Schema.APPLICATION_ID,
                    "PRAGMA user_version = 2",
                    "INSERT INTO patient VALUES (1, 'ada-plain', 'MRN-plain', 'Philomena-plain', 'Quetzal-plain',"
                            + " '1931-07-29', 'FEMALE', '+49 30 5550147', 'plain@example.org', 0, 5, 6)",
                    "INSERT INTO patient VALUES (2, 'bob-plain', NULL, '', '', NULL, NULL, '', '', 1, 7, 8)",
                    "INSERT INTO device VALUES (1, 'd1', NULL, '', '', '', '', 'ACTIVE', 9, " + BATCHES + ", 1, 5, 5)",
                    "INSERT INTO device VALUES (2, 'd2', NULL, '', '', '', '', 'ACTIVE', 9, 1, 1, 5, 5)",
                    "INSERT INTO assignment VALUES (1, 1, 1, 5, NULL, 0)",
                    "INSERT INTO series VALUES (1, 1, 1, '" + ADA.code() + "', '" + ADA.unit() + "')",
                    "INSERT INTO series VALUES (2, 2, 2, '" + BOB.code() + "', '" + BOB.unit() + "')",
                    "INSERT INTO consent VALUES (1, 1, 1, 0, NULL, '" + ADA.code() + "', 'somebody', 5)");
            readings(connection);
            batches(connection);
            connection.commit();
        }
    }

    private static void execute(Connection connection, String... statements) throws SQLException {
        try (var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private void readings(Connection connection) throws SQLException {
        var insert = connection.prepareStatement("INSERT INTO reading VALUES (?, ?, ?)");
        for (int i = 1; i <= READINGS; i++) {
            double value = i == 12_345 ? TELLING : i % 100 == 0 ? -0.0 : 60 + i % 40;
            ada.put(i * 10L, value);
            insert.setLong(1, 1);
            insert.setLong(2, i * 10L);
            insert.setDouble(3, value);
            insert.addBatch();
        }
        insert.setLong(1, 2);
        insert.setLong(2, 15);
        insert.setDouble(3, 70);
        insert.addBatch();
        insert.executeBatch();
    }

    private static void batches(Connection connection) throws SQLException {
        var insert = connection.prepareStatement("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?)");
        for (int sequence = 1; sequence <= BATCHES; sequence++) {
            insert.setLong(1, 1);
            insert.setLong(2, sequence);
            insert.setLong(3, sequence);
            insert.setLong(4, 6);
            insert.setLong(5, 1);
            insert.setBytes(6, Rejections.encode(List.of()));
            insert.addBatch();
        }
        insert.executeBatch();
    }

    private void open() {
        store = EdgeStore.open(directory, 2, () -> 1_763_000_000_000_000L);
    }

    private Receipt append(ScreenedBatch batch) {
        return await(store.readings().append(List.of(batch))).getFirst();
    }

    private Columns read(Series series, TimeRange range, Order order, int limit) {
        return await(store.readings().read(series, range, order, limit));
    }

    private void assertEverythingIsThere() {
        var all = read(ADA, TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE);
        assertThat(all).isEqualTo(columns(ADA, ada));
        assertThat(Double.doubleToRawLongBits(all.values()[99])).isEqualTo(Double.doubleToRawLongBits(-0.0));
        assertThat(read(ADA, new TimeRange(120_000, 130_000), Order.OLDEST_FIRST, 700))
                .isEqualTo(columns(ADA, first(ada.subMap(120_000L, 130_000L), 700)));
        assertThat(read(ADA, new TimeRange(0, 120_000), Order.NEWEST_FIRST, 700))
                .isEqualTo(columns(ADA, first(ada.headMap(120_000L, false).descendingMap(), 700)));
        var last = ada.lastEntry();
        assertThat(await(store.readings().latest(new Subject.OfPatient(ADA.patient()))))
                .containsExactly(new Reading(ADA, last.getKey(), last.getValue()));
        assertThat(read(BOB, TimeRange.ALL, Order.OLDEST_FIRST, 10)).isEqualTo(one(BOB, 15, 70));
        // What was acknowledged is answered as it was.
        for (long sequence : new long[] {1, 2_500, BATCHES}) {
            assertThat(append(batch(sequence, one(ADA, 10, 61))))
                    .isInstanceOfSatisfying(Receipt.Repeated.class, again -> {
                        assertThat(again.acknowledgement().accepted()).isEqualTo(6);
                        assertThat(again.acknowledgement().duplicates()).isEqualTo(1);
                    });
        }
    }

    private static Map<Long, Double> first(Map<Long, Double> readings, int limit) {
        var first = new LinkedHashMap<Long, Double>();
        readings.entrySet().stream().limit(limit).forEach(entry -> first.put(entry.getKey(), entry.getValue()));
        return first;
    }

    private static Columns columns(Series series, Map<Long, Double> readings) {
        return new Columns(
                series,
                readings.keySet().stream().mapToLong(Long::longValue).toArray(),
                readings.values().stream().mapToDouble(Double::doubleValue).toArray());
    }

    @Test
    void answers_as_before_at_once_while_its_rows_are_moved_and_after_that() throws SQLException {
        open();
        try {
            long sequence = BATCHES;
            do {
                assertEverythingIsThere();
                // Later than all, and in between; and a reading that is known, and one that contradicts it.
                sequence++;
                long later = READINGS * 10L + sequence;
                long between = 5 + 10 * (sequence % READINGS);
                double known = ada.get(between - 5);
                ada.put(between, 200.0);
                ada.put(later, 90.0);
                var columns = new Columns(
                        ADA, new long[] {between - 5, between, between + 5, later}, new double[] {known, 200, 299, 90});
                assertThat(append(batch(sequence, columns))).isInstanceOfSatisfying(Receipt.Stored.class, stored -> {
                    assertThat(stored.acknowledgement().accepted()).isEqualTo(2);
                    assertThat(stored.acknowledgement().duplicates()).isEqualTo(1);
                    assertThat(stored.acknowledgement().rejections()).hasSize(1);
                });
            } while (OnDisk.number(directory, "SELECT count(*) FROM reading") > 0);
            await(store.compact());
            assertEverythingIsThere();
        } finally {
            store.close();
        }
    }

    @Test
    void leaves_nothing_readable_behind_and_no_table() throws Exception {
        assertThat(OnDisk.holds(directory, "Philomena-plain")).isTrue();
        open();
        await(store.compact());
        assertThat(OnDisk.number(directory, "SELECT count(*) FROM reading")).isZero();
        assertThat(OnDisk.number(directory, "SELECT count(*) FROM batch")).isZero();
        assertNothingIsReadable();
        store.close();
        assertNothingIsReadable();
        open();
        assertThat(OnDisk.number(directory, "SELECT count(*) FROM sqlite_schema WHERE name IN ('reading', 'batch')"))
                .isZero();
        assertEverythingIsThere();
        store.close();
    }

    private void assertNothingIsReadable() throws Exception {
        for (var text : List.of("ada-plain", "MRN-plain", "Philomena-plain", "Quetzal-plain", "5550147", "1931-07")) {
            assertThat(OnDisk.holds(directory, text)).as(text).isFalse();
        }
        var value = ByteBuffer.allocate(Double.BYTES).putDouble(TELLING).array();
        assertThat(OnDisk.holds(directory, value)).isFalse();
    }

    @Test
    void that_is_interrupted_again_and_again_loses_nothing() throws SQLException {
        int opened = 0;
        do {
            open();
            assertEverythingIsThere();
            store.close();
            opened++;
        } while (opened < 50 && OnDisk.number(directory, """
                        SELECT count(*) FROM sqlite_schema WHERE name IN ('reading', 'batch')""") > 0);
        open();
        await(store.compact());
        assertEverythingIsThere();
        store.close();
        assertThat(opened).isGreaterThan(1);
    }

    @Test
    void keeps_what_is_known_of_patients_devices_and_consent() {
        open();
        try {
            var registry = store.registry();
            var expected = new Patient(
                    "ada-plain",
                    Optional.of("MRN-plain"),
                    "Philomena-plain",
                    "Quetzal-plain",
                    Optional.of(LocalDate.of(1931, 7, 29)),
                    Optional.of(Patient.Gender.FEMALE),
                    "+49 30 5550147",
                    "plain@example.org",
                    false,
                    5,
                    6);
            assertThat(await(registry.patient("ada-plain"))).contains(expected);
            assertThat(await(registry.patientByMrn("MRN-plain"))).contains(expected);
            assertThat(await(registry.patientsAfter("", 10)))
                    .containsExactly(
                            expected,
                            new Patient(
                                    "bob-plain",
                                    Optional.empty(),
                                    "",
                                    "",
                                    Optional.empty(),
                                    Optional.empty(),
                                    "",
                                    "",
                                    true,
                                    7,
                                    8));
            assertThat(await(registry.consents("ada-plain", Long.MAX_VALUE, 10)))
                    .singleElement()
                    .satisfies(consent -> {
                        assertThat(consent.granted()).isTrue();
                        assertThat(consent.codes()).containsExactly(ADA.code());
                    });
            assertThat(await(registry.assignments(Optional.empty(), true, Long.MAX_VALUE, 10)))
                    .extracting(Assignment::device, Assignment::patient)
                    .containsExactly(tuple("d1", "ada-plain"));
            assertThat(await(registry.device("d1")).orElseThrow().lastSequence())
                    .isEqualTo(BATCHES);
        } finally {
            store.close();
        }
    }

    @Test
    void erases_rows_that_are_not_moved_yet() throws Exception {
        open();
        await(store.registry().erasePatient("ada-plain"));
        assertThat(OnDisk.number(directory, "SELECT count(*) FROM reading WHERE series = 1"))
                .isZero();
        assertThat(read(ADA, TimeRange.ALL, Order.OLDEST_FIRST, 10).size()).isZero();
        await(store.compact());
        assertThat(OnDisk.number(directory, "SELECT count(*) FROM chunk WHERE series = 1"))
                .isZero();
        assertThat(read(BOB, TimeRange.ALL, Order.OLDEST_FIRST, 10).size()).isEqualTo(1);
        assertNothingIsReadable();
        store.close();
    }
}
