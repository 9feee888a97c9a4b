package io.pulseplane.store.postgres;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.flywaydb.core.Flyway;

/**
 * A real PostgreSQL, one for all tests of a run, and in it databases that are made in a moment: copies of one that was
 * migrated once.
 */
public final class Postgres {

    public static final String USER = "postgres";
    public static final String PASSWORD = "postgres";

    private static final String TEMPLATE = "migrated";

    private static final class Shared {
        private static final Postgres SERVER = start();

        private static Postgres start() {
            try {
                var server = new Postgres(builder().start());
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

    private Postgres(EmbeddedPostgres server) {
        this.server = server;
    }

    public static Postgres shared() {
        return Shared.SERVER;
    }

    /** A server as tests need it: nobody pulls its plug, so nothing is synced. */
    static EmbeddedPostgres.Builder builder() {
        return EmbeddedPostgres.builder()
                .setServerConfig("fsync", "off")
                .setServerConfig("max_connections", "200")
                .setServerConfig("autovacuum", "off");
    }

    int port() {
        return server.getPort();
    }

    /** The name of a new database with the tables of a plane, and nothing in them. */
    public String database() {
        return create("plane_" + databases.incrementAndGet(), TEMPLATE);
    }

    /** The name of a new database without any tables. */
    String bareDatabase() {
        return create("bare_" + databases.incrementAndGet(), "template1");
    }

    private String create(String name, String template) {
        execute("postgres", "CREATE DATABASE " + name + " TEMPLATE " + template + " STRATEGY file_copy");
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
        return PostgresSettings.of(new PostgresSettings.Host("localhost", port()), database, USER, PASSWORD);
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
    List<String> ask(String database, String sql) {
        try (var connection = connect(database);
                var rows = connection.createStatement().executeQuery(sql)) {
            var answers = new ArrayList<String>();
            while (rows.next()) {
                answers.add(rows.getString(1));
            }
            return answers;
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }

    Connection connect(String database) throws SQLException {
        return DriverManager.getConnection(url(database), USER, PASSWORD);
    }
}
