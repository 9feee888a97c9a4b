package io.pulseplane.loadtest.stores;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.postgresql.PGConnection;

/** PostgreSQL with one row per reading and one index. */
final class Postgres extends RowStore {

    private final EmbeddedPostgres server;

    private Postgres(EmbeddedPostgres server) throws SQLException {
        super(server.getPostgresDatabase().getConnection());
        this.server = server;
        execute("CREATE TABLE reading (series int, t bigint, v float8, PRIMARY KEY (series, t))");
    }

    static Postgres start(Path directory) throws IOException, SQLException {
        return new Postgres(EmbeddedPostgres.builder()
                .setOverrideWorkingDirectory(directory.toFile())
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("max_wal_size", "4GB")
                .setServerConfig("jit", "off")
                .start());
    }

    @Override
    public String durability() {
        return "synced, COPY, a transaction for each group";
    }

    @Override
    public void append(List<SeriesRun> group) throws Exception {
        var text = new StringBuilder();
        for (var run : group) {
            for (int i = 0; i < run.size(); i++) {
                text.append(run.series())
                        .append('\t')
                        .append(run.times()[i])
                        .append('\t')
                        .append(run.values()[i])
                        .append('\n');
            }
        }
        connection
                .unwrap(PGConnection.class)
                .getCopyAPI()
                .copyIn(
                        "COPY reading FROM STDIN",
                        new ByteArrayInputStream(text.toString().getBytes(StandardCharsets.US_ASCII)));
    }

    @Override
    public void compact() throws SQLException {
        execute("VACUUM ANALYZE reading");
        execute("CHECKPOINT");
    }

    @Override
    public long bytes() throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT pg_total_relation_size('reading')")) {
            row.next();
            return row.getLong(1);
        }
    }

    @Override
    String minuteExpression() {
        return "t / " + MINUTE_US;
    }

    @Override
    public void close() throws IOException, SQLException {
        super.close();
        server.close();
    }
}
