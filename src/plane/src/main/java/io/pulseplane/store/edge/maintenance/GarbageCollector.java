package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.edge.sqlite.BlockingWriter;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Takes out what nobody can read any more, and what nobody wants to keep any more, some chunks at a time. */
public final class GarbageCollector {

    private static final int CHUNKS_PER_TRANSACTION = 128;

    private static final List<String> CHUNK_TABLES = List.of("chunk", "quarantined_chunk");

    private final SqliteSession session;
    private final BlockingWriter writer;
    private final Retention retention;
    private final LongSupplier now;

    public GarbageCollector(SqliteSession session, BlockingWriter writer, Retention retention, LongSupplier now) {
        this.session = session;
        this.writer = writer;
        this.retention = retention;
        this.now = now;
    }

    void collect() throws SQLException {
        for (long patient : uncollectedPatients()) {
            collect(patient);
        }
        if (!retention.isUnlimited()) {
            dropExpired();
        }
    }

    private List<Long> uncollectedPatients() throws SQLException {
        var patients = new ArrayList<Long>();
        try (var rows = session.prepare("SELECT patient FROM erased WHERE collected = 0")
                .executeQuery()) {
            while (rows.next()) {
                patients.add(rows.getLong(1));
            }
        }
        return patients;
    }

    private void collect(long patient) {
        for (var table : CHUNK_TABLES) {
            int swept;
            do {
                swept = writer.transaction(session -> {
                    var delete = session.prepare("""
                            DELETE FROM %1$s WHERE number IN (
                              SELECT c.number FROM series s JOIN %1$s c ON c.series = s.number
                              WHERE s.patient = ? LIMIT %2$d)""".formatted(table, CHUNKS_PER_TRANSACTION));
                    delete.setLong(1, patient);
                    return delete.executeUpdate();
                });
            } while (swept > 0);
        }
        writer.transaction(session -> {
            var update = session.prepare("UPDATE erased SET collected = 1 WHERE patient = ?");
            update.setLong(1, patient);
            return update.executeUpdate();
        });
    }

    private void dropExpired() throws SQLException {
        for (var rule : retention.periodByCode().entrySet()) {
            dropOlderThan(rule.getValue(), Optional.of(rule.getKey()));
        }
        if (retention.defaultPeriod().isPresent()) {
            dropOlderThan(retention.defaultPeriod().get(), Optional.empty());
        }
    }

    private void dropOlderThan(Duration kept, Optional<String> code) throws SQLException {
        long before = now.getAsLong() - kept.toNanos() / 1_000;
        for (var table : CHUNK_TABLES) {
            List<Long> old;
            do {
                old = findOlderThan(table, before, code);
                var numbers = old;
                writer.transaction(session -> deleteChunks(session, table, numbers));
            } while (old.size() == CHUNKS_PER_TRANSACTION);
        }
    }

    private List<Long> findOlderThan(String table, long before, Optional<String> code) throws SQLException {
        var exceptions = retention.periodByCode().keySet().stream().toList();
        var which = code.isPresent() ? "s.code = ?" : "s.code NOT IN (" + "?, ".repeat(exceptions.size()) + "'')";
        var select = session.prepare("""
                SELECT c.number FROM %s c JOIN series s ON s.number = c.series
                WHERE c.last_us < ? AND %s ORDER BY c.last_us LIMIT %d""".formatted(table, which, CHUNKS_PER_TRANSACTION));
        select.setLong(1, before);
        bind(select, code.map(List::of).orElse(exceptions));
        var numbers = new ArrayList<Long>();
        try (var rows = select.executeQuery()) {
            while (rows.next()) {
                numbers.add(rows.getLong(1));
            }
        }
        return numbers;
    }

    private static void bind(PreparedStatement select, List<String> codes) throws SQLException {
        for (int i = 0; i < codes.size(); i++) {
            select.setString(2 + i, codes.get(i));
        }
    }

    static int deleteChunks(SqliteSession session, String table, List<Long> numbers) throws SQLException {
        var delete = session.prepare("DELETE FROM " + table + " WHERE number = ?");
        for (long number : numbers) {
            delete.setLong(1, number);
            delete.executeUpdate();
        }
        return numbers.size();
    }
}
