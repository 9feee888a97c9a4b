package io.pulseplane.store.postgres;

import de.siegmar.fastcsv.reader.CsvReader;
import io.pulseplane.ReadingFixtures;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.flywaydb.core.Flyway;

/**
 * A real PostgreSQL that all tests of a run share. New databases are fast copies of one that was migrated once.
 */
public final class PostgresServer {

    public static final String USER = "postgres";
    public static final String PASSWORD = "postgres";

    private static final String TEMPLATE = "migrated";

    /** How many databases are kept: more than one test uses, and few enough to be deleted quickly at the end. */
    private static final int MAX_DATABASES = 16;

    // https://www.postgresql.org/docs/18/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG
    private static final int LOG_DATABASE = 2;
    private static final int LOG_MESSAGE = 13;

    private static final class SharedHolder {
        private static final PostgresServer SERVER = start();

        private static PostgresServer start() {
            try {
                var server = new PostgresServer(builder().start());
                server.create(TEMPLATE, "template1");
                server.migrate(TEMPLATE);
                return server;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private final EmbeddedPostgres server;
    private final AtomicInteger databases = new AtomicInteger();
    private final Queue<String> createdDatabases = new ConcurrentLinkedQueue<>();

    private PostgresServer(EmbeddedPostgres server) {
        this.server = server;
    }

    public static PostgresServer shared() {
        return SharedHolder.SERVER;
    }

    /** A server for tests. It does not sync, because no test simulates a power loss. */
    static EmbeddedPostgres.Builder builder() {
        return EmbeddedPostgres.builder()
                .setServerConfig("fsync", "off")
                .setServerConfig("max_connections", "200")
                .setServerConfig("autovacuum", "off")
                .setServerConfig("log_checkpoints", "off")
                .setServerConfig("logging_collector", "on")
                .setServerConfig("log_destination", "csvlog")
                .setServerConfig("log_directory", "log")
                .setServerConfig("log_filename", "server");
    }

    public int port() {
        return server.getPort();
    }

    /** Creates a database with the tables of a plane, all empty, and returns its name. */
    public String createDatabase() {
        return create("plane_" + databases.incrementAndGet(), TEMPLATE);
    }

    /** Creates a database without tables and returns its name. */
    public String createEmptyDatabase() {
        return create("bare_" + databases.incrementAndGet(), "template1");
    }

    private String create(String name, String template) {
        execute("postgres", "CREATE DATABASE " + name + " TEMPLATE " + template + " STRATEGY file_copy");
        if (!name.equals(TEMPLATE)) {
            createdDatabases.add(name);
        }
        if (createdDatabases.size() > MAX_DATABASES) {
            execute("postgres", "DROP DATABASE " + createdDatabases.remove() + " WITH (FORCE)");
        }
        return name;
    }

    void migrate(String database) {
        Flyway.configure()
                .dataSource(url(database), USER, PASSWORD)
                .locations("classpath:db/migration")
                .load()
                .migrate();
    }

    public PostgresSettings settings(String database) {
        return settings(port(), database);
    }

    /** Settings with long time limits, for tests on a busy machine. */
    static PostgresSettings settings(int port, String database) {
        return new PostgresSettings(
                List.of(new PostgresSettings.Host("localhost", port)),
                database,
                USER,
                PASSWORD,
                8,
                2,
                64,
                ReadingFixtures.TIMEOUT,
                ReadingFixtures.TIMEOUT,
                PostgresSettings.Tls.PREFER,
                Optional.empty(),
                new PostgresSettings.FaultTolerance(
                        ReadingFixtures.TIMEOUT, 1, Duration.ofMillis(20), 4_096, 10, 0.5, Duration.ofMillis(100)));
    }

    public String url(String database) {
        return "jdbc:postgresql://localhost:" + port() + "/" + database;
    }

    void execute(String database, String sql) {
        try (var connection = connect(database);
                var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }

    /** The first column of every row. */
    List<String> queryColumn(String database, String sql) {
        try (var connection = connect(database);
                var rows = connection.createStatement().executeQuery(sql)) {
            var values = new ArrayList<String>();
            while (rows.next()) {
                values.add(rows.getString(1));
            }
            return values;
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }

    /** Every statement that a database logged while its {@code log_statement} was {@code all}. */
    List<String> loggedStatements(String database) {
        var log = Path.of(queryColumn("postgres", "SHOW data_directory").getFirst(), "log", "server.csv");
        try (var rows = CsvReader.builder().ofCsvRecord(log)) {
            return rows.stream()
                    .filter(row -> row.getField(LOG_DATABASE).equals(database))
                    .map(row -> row.getField(LOG_MESSAGE))
                    .filter(message -> message.startsWith("execute ") || message.startsWith("statement: "))
                    .map(message -> message.substring(message.indexOf(": ") + 2))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Connection connect(String database) throws SQLException {
        return DriverManager.getConnection(url(database), USER, PASSWORD);
    }
}
