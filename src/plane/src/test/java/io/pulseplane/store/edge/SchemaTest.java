package io.pulseplane.store.edge;

import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.regularColumns;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.store.Patient;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.journal.Journal;
import io.pulseplane.store.edge.journal.JournalReplay;
import io.pulseplane.store.edge.journal.LostBatches;
import io.pulseplane.store.edge.journal.Memtable;
import io.pulseplane.store.edge.journal.SeriesReader;
import io.pulseplane.store.edge.journal.SeriesReader.SeriesRow;
import io.pulseplane.store.edge.keys.KeyCheckValue;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.keys.KeyVaultTest;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.PatientTable;
import io.pulseplane.store.edge.tables.Schema;
import io.pulseplane.store.edge.tables.Schema.Step;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests how a database takes steps of the schema, with additional steps that only this test has. */
class SchemaTest {

    private static final KeyEncryptionKey KEY = KeyVaultTest.nodeKey(1);
    private static final Series ADA = series("ada", "d1", ReadingFixtures.HEART_RATE);
    private static final Step.Change NO_CHANGE = (_, _) -> {};
    private static final Step ADD_NOTES = new Step("CREATE TABLE note (text TEXT NOT NULL) STRICT;\n", NO_CHANGE);

    @TempDir
    Path directory;

    private interface Assertions {
        void check(SqliteSession session, KeyVault vault) throws SQLException;
    }

    /** Opens the database as a later version would that has these steps, too. */
    private void open(List<Step> laterSteps, Assertions assertions) throws SQLException {
        try (var vault = KeyVault.open(new Database(directory.resolve("keys.db")), KEY, List.of(), true);
                var session = new Database(directory.resolve("pulseplane.db")).openForWriting()) {
            Schema.migrate(
                    session,
                    vault,
                    Stream.concat(Schema.STEPS.stream(), laterSteps.stream()).toList());
            assertions.check(session, vault);
        }
    }

    private void open(List<Step> laterSteps) throws SQLException {
        open(laterSteps, (_, _) -> {});
    }

    /** Creates a store in which one patient has a chunk and an entry of the journal. */
    private void createStore() {
        var store = EdgeStore.open(directory, EdgeSettings.of(1).withNodeKey(KEY), () -> 1_763_000_000_000_000L);
        await(store.readings().append(List.of(batch(1, regularColumns(10, 1_000, ADA)))));
        await(store.compact());
        await(store.readings().append(List.of(batch(2, oneReading(ADA, 50_000, 61)))));
        store.close();
    }

    private static void assertAllDataIsReadable(SqliteSession session, KeyVault vault) throws SQLException {
        assertThat(new PatientTable(vault).byId(session, "ada"))
                .map(Patient::id)
                .contains("ada");
        var memtable = new Memtable();
        var lostBatches = new LostBatches();
        new JournalReplay(new Journal(vault), lostBatches).read(session, memtable, Long.MAX_VALUE, Long.MAX_VALUE);
        assertThat(memtable.batches()).isEqualTo(1);
        var read = new SeriesReader(vault, memtable, lostBatches)
                .read(session, new SeriesRow(1, 1), ADA, TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE);
        assertThat(read.size()).isEqualTo(1_001);
        assertThat(first(read, 1_000)).isEqualTo(regularColumns(10, 1_000, ADA));
        assertThat(read.lastTime()).isEqualTo(50_000);
    }

    private static Columns first(Columns columns, int count) {
        return new Columns(
                columns.series(), Arrays.copyOf(columns.times(), count), Arrays.copyOf(columns.values(), count));
    }

    private boolean hasTable(String name) throws SQLException {
        return RawDatabase.queryLong(directory, "SELECT count(*) FROM sqlite_schema WHERE name = '" + name + "'") > 0;
    }

    private long version() throws SQLException {
        return RawDatabase.queryLong(directory, "PRAGMA user_version");
    }

    @Test
    void a_new_database_has_the_latest_version_the_application_id_and_a_key_check_value_that_matches()
            throws SQLException {
        open(
                List.of(),
                (session, vault) ->
                        assertThat(KeyCheckValue.matches(session, vault)).isTrue());
        assertThat(version()).isEqualTo(Schema.VERSION);
        assertThat(RawDatabase.queryLong(directory, "PRAGMA application_id")).isEqualTo(Schema.APPLICATION_ID);
    }

    @Test
    void a_store_takes_the_next_step_once_and_keeps_its_data() throws SQLException {
        createStore();
        var timesTaken = new AtomicInteger();
        var steps = List.of(new Step(ADD_NOTES.sql(), (session, _) -> {
            timesTaken.incrementAndGet();
            session.execute("INSERT INTO note SELECT 'patient ' || number FROM patient");
        }));
        open(steps, SchemaTest::assertAllDataIsReadable);
        assertThat(version()).isEqualTo(Schema.VERSION + 1);
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM note WHERE text = 'patient 1'"))
                .isEqualTo(1);
        open(steps, SchemaTest::assertAllDataIsReadable);
        assertThat(version()).isEqualTo(Schema.VERSION + 1);
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM note"))
                .isEqualTo(1);
        assertThat(timesTaken).hasValue(1);
    }

    @Test
    void a_failing_step_changes_nothing_and_is_taken_at_the_next_start() throws SQLException {
        createStore();
        var failing = new Step(ADD_NOTES.sql(), (session, _) -> {
            session.execute("DELETE FROM chunk");
            throw new SQLException("as if the disk were full");
        });
        assertThatThrownBy(() -> open(List.of(failing))).isInstanceOf(SQLException.class);
        assertThat(version()).isEqualTo(Schema.VERSION);
        assertThat(hasTable("note")).isFalse();
        open(List.of(), SchemaTest::assertAllDataIsReadable);

        open(List.of(ADD_NOTES), SchemaTest::assertAllDataIsReadable);
        assertThat(version()).isEqualTo(Schema.VERSION + 1);
        assertThat(hasTable("note")).isTrue();
    }

    @Test
    void when_the_second_of_two_steps_fails_the_first_is_kept() throws SQLException {
        createStore();
        var timesTaken = new AtomicInteger();
        var first = new Step(ADD_NOTES.sql(), (_, _) -> timesTaken.incrementAndGet());
        var failing = new Step("CREATE TABLE other (x) STRICT;\n", NO_CHANGE);
        assertThatThrownBy(() -> open(List.of(first, failing))).isInstanceOf(SQLException.class);
        assertThat(version()).isEqualTo(Schema.VERSION + 1);
        assertThat(hasTable("note")).isTrue();

        open(
                List.of(first, new Step("CREATE TABLE other (x INTEGER) STRICT;\n", NO_CHANGE)),
                SchemaTest::assertAllDataIsReadable);
        assertThat(version()).isEqualTo(Schema.VERSION + 2);
        assertThat(hasTable("other")).isTrue();
        assertThat(timesTaken).hasValue(1);
    }

    @Test
    void a_step_can_replace_a_table_that_others_refer_to() throws SQLException {
        createStore();
        var replacement = new Step("""
                CREATE TABLE patient_next (
                  number INTEGER PRIMARY KEY,
                  id_tag BLOB UNIQUE,
                  mrn_tag BLOB UNIQUE,
                  details BLOB,
                  provisional INTEGER NOT NULL,
                  created_us INTEGER NOT NULL,
                  updated_us INTEGER NOT NULL,
                  ward TEXT
                ) STRICT;
                INSERT INTO patient_next SELECT *, NULL FROM patient;
                DROP TABLE patient;
                ALTER TABLE patient_next RENAME TO patient;
                """, NO_CHANGE);
        open(List.of(replacement), (session, vault) -> {
            assertAllDataIsReadable(session, vault);
            try (var rows = session.prepare("PRAGMA foreign_key_check").executeQuery()) {
                assertThat(rows.next()).isFalse();
            }
            assertThat(session.pragma("foreign_keys")).isEqualTo(1);
            assertThatThrownBy(() -> session.execute("DELETE FROM patient")).hasMessageContaining("FOREIGN KEY");
        });
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM patient WHERE ward IS NULL"))
                .isEqualTo(1);
    }
}
