package io.pulseplane.store.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.Store;
import io.pulseplane.store.StoreContract;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.store.edge.sqlite.ReaderPool;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.sqlite.WriterThread;
import io.pulseplane.store.edge.tables.Schema;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EdgeStoreTest extends StoreContract {

    @TempDir
    Path directory;

    @Override
    protected Store open() {
        return EdgeStore.open(directory, 2, clock::get);
    }

    @Override
    protected Store reopen(Store closed) {
        return open();
    }

    @Nested
    class TheFile {

        @Test
        void has_a_write_ahead_log_that_is_synced_at_every_commit() throws SQLException {
            try (var session = new Database(directory.resolve("pulseplane.db")).openForWriting()) {
                assertThat(pragma(session, "journal_mode")).isEqualTo("wal");
                assertThat(pragma(session, "synchronous")).isEqualTo("2"); // FULL
                assertThat(pragma(session, "foreign_keys")).isEqualTo("1");
            }
        }

        @Test
        void is_in_a_directory_that_only_its_owner_can_open() throws IOException {
            var created = directory.resolve("created");
            EdgeStore.open(created, 1, () -> 0).close();
            assertThat(Files.getPosixFilePermissions(created)).isEqualTo(PosixFilePermissions.fromString("rwx------"));
        }

        @Test
        void has_the_application_id_and_the_version_of_the_schema() throws SQLException {
            try (var session = new Database(directory.resolve("pulseplane.db")).openForReading()) {
                assertThat(pragma(session, "application_id")).isEqualTo(Integer.toString(0x50506C6E));
                assertThat(pragma(session, "user_version")).isEqualTo(Integer.toString(Schema.VERSION));
            }
        }

        @Test
        void cannot_be_opened_by_a_second_plane() {
            assertThatThrownBy(EdgeStoreTest.this::open)
                    .isInstanceOf(PlaneException.FailedPrecondition.class)
                    .hasMessage("another plane has the data directory open");
        }

        @Test
        void of_a_newer_version_is_refused_and_not_changed() throws SQLException {
            store.close();
            execute("PRAGMA user_version = 999");
            assertThatThrownBy(EdgeStoreTest.this::open)
                    .isInstanceOf(PlaneException.FailedPrecondition.class)
                    .hasMessageContaining("newer Pulseplane");
            execute("PRAGMA user_version = " + Schema.VERSION);
            store = open();
        }

        @Test
        void of_another_program_is_refused() throws IOException, SQLException {
            var elsewhere = directory.resolve("elsewhere");
            EdgeStore.open(elsewhere, 1, clock::get).close();
            Files.delete(elsewhere.resolve("pulseplane.db"));
            try (var other = connect(elsewhere.resolve("pulseplane.db"));
                    var statement = other.createStatement()) {
                statement.execute("CREATE TABLE foreign_table (x)");
            }
            assertThatThrownBy(() -> EdgeStore.open(elsewhere, 1, clock::get))
                    .isInstanceOf(PlaneException.FailedPrecondition.class)
                    .hasMessage("pulseplane.db in the data directory is not a database of this program's format");
        }

        @Test
        void that_is_not_a_database_is_reported_as_data_loss() throws IOException {
            var elsewhere = directory.resolve("elsewhere");
            EdgeStore.open(elsewhere, 1, clock::get).close();
            Files.writeString(elsewhere.resolve("pulseplane.db"), "no database at all ".repeat(5_000));
            assertThatThrownBy(() -> EdgeStore.open(elsewhere, 1, clock::get))
                    .isInstanceOf(PlaneException.DataLoss.class);
        }

        @Test
        void in_a_directory_that_cannot_be_created_is_unavailable() throws IOException {
            var file = Files.createFile(directory.resolve("file"));
            assertThatThrownBy(() -> EdgeStore.open(file.resolve("below"), 1, clock::get))
                    .isInstanceOf(PlaneException.Unavailable.class);
        }
    }

    @Test
    void a_full_disk_refuses_a_whole_group_and_later_groups_are_stored_when_there_is_room() throws SQLException {
        append(batch(1, block(HEART_RATE, times(1), 60)));
        store.close();
        // At max_page_count SQLite fails with the same code as on a full disk.
        var session = new Database(directory.resolve("pulseplane.db")).openForWriting();
        session.execute("PRAGMA max_page_count = " + (pages(session) + 2));
        var writer = new WriterThread(session, () -> {});
        var insertBlob = "INSERT INTO journal (payload) VALUES (zeroblob(%d))";
        assertThatThrownBy(() -> await(writer.transaction(limited -> {
                    limited.execute(insertBlob.formatted(100));
                    limited.execute(insertBlob.formatted(100_000));
                    return true;
                })))
                .isInstanceOfSatisfying(
                        PlaneException.ResourceExhausted.class,
                        e -> assertThat(e.retryAfter()).isPositive());
        assertThat(await(writer.transaction(EdgeStoreTest::countEntries))).isEqualTo(1);
        writer.close();

        store = open();
        assertThat(append(batch(2, block(HEART_RATE, times(2), 61)))).isInstanceOf(AppendResult.Stored.class);
        assertThat(all(HEART_RATE).size()).isEqualTo(2);
    }

    private static int countEntries(SqliteSession session) throws SQLException {
        try (var row = session.prepare("SELECT count(*) FROM journal").executeQuery()) {
            row.next();
            return row.getInt(1);
        }
    }

    @Test
    void a_cancelled_query_stops_and_the_thread_runs_the_next_one() throws Exception {
        var readers = new ReaderPool(new Database(directory.resolve("pulseplane.db")), 1);
        var started = new CountDownLatch(1);
        var stopped = new AtomicBoolean();
        var endlessQuery = readers.read(session -> {
                    started.countDown();
                    try (var rows = session.prepare("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
                                    + " SELECT max(i) FROM n")
                            .executeQuery()) {
                        return rows.next();
                    } catch (SQLException e) {
                        stopped.set(true);
                        throw e;
                    }
                })
                .subscribe()
                .with(_ -> {});
        assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
        endlessQuery.cancel();
        Awaitility.await().untilTrue(stopped);
        int pages = await(readers.read(EdgeStoreTest::pages));
        assertThat(pages).isPositive();
        readers.close();
    }

    @Test
    void a_statement_that_was_interrupted_works_again_for_the_next_query() throws Exception {
        var readers = new ReaderPool(new Database(directory.resolve("pulseplane.db")), 1);
        for (int round = 0; round < 3; round++) {
            var started = new CountDownLatch(1);
            var longQuery = readers.read(session -> {
                        started.countDown();
                        return count(session, Long.MAX_VALUE);
                    })
                    .subscribe()
                    .with(_ -> {});
            assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
            longQuery.cancel();

            long counted = await(readers.read(session -> count(session, 10)));
            assertThat(counted).isEqualTo(10);
        }
        readers.close();
    }

    private static long count(SqliteSession session, long to) throws SQLException {
        var select = session.prepare("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
                + " SELECT max(i) FROM n");
        select.setLong(1, to);
        try (var row = select.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    private static int pages(SqliteSession session) throws SQLException {
        return Integer.parseInt(pragma(session, "page_count"));
    }

    private static String pragma(SqliteSession session, String name) throws SQLException {
        try (var row = session.prepare("PRAGMA " + name).executeQuery()) {
            row.next();
            return row.getString(1);
        }
    }

    private void execute(String sql) throws SQLException {
        try (var connection = connect(directory.resolve("pulseplane.db"));
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static Connection connect(Path file) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + file);
    }
}
