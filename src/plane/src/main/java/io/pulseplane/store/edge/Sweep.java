package io.pulseplane.store.edge;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Takes out what nobody can read any more, and what nobody wants to keep any more, some chunks at a time. */
final class Sweep {

    private static final int CHUNKS_AT_ONCE = 128;

    private static final List<String> TABLES = List.of("chunk", "quarantined_chunk");

    private final Session session;
    private final Backstage writer;
    private final Retention retention;
    private final LongSupplier now;

    Sweep(Session session, Backstage writer, Retention retention, LongSupplier now) {
        this.session = session;
        this.writer = writer;
        this.retention = retention;
        this.now = now;
    }

    void sweep() throws SQLException {
        for (long patient : erased()) {
            sweep(patient);
        }
        if (!retention.isForGood()) {
            dropOld();
        }
    }

    private List<Long> erased() throws SQLException {
        var patients = new ArrayList<Long>();
        try (var rows = session.prepare("SELECT patient FROM erased WHERE collected = 0")
                .executeQuery()) {
            while (rows.next()) {
                patients.add(rows.getLong(1));
            }
        }
        return patients;
    }

    private void sweep(long patient) {
        for (var table : TABLES) {
            int swept;
            do {
                swept = writer.run(session -> {
                    var delete = session.prepare("""
                            DELETE FROM %1$s WHERE number IN (
                              SELECT c.number FROM series s JOIN %1$s c ON c.series = s.number
                              WHERE s.patient = ? LIMIT %2$d)""".formatted(table, CHUNKS_AT_ONCE));
                    delete.setLong(1, patient);
                    return delete.executeUpdate();
                });
            } while (swept > 0);
        }
        writer.run(session -> {
            var update = session.prepare("UPDATE erased SET collected = 1 WHERE patient = ?");
            update.setLong(1, patient);
            return update.executeUpdate();
        });
    }

    private void dropOld() throws SQLException {
        for (var rule : retention.byCode().entrySet()) {
            drop(rule.getValue(), Optional.of(rule.getKey()));
        }
        if (retention.others().isPresent()) {
            drop(retention.others().get(), Optional.empty());
        }
    }

    private void drop(Duration kept, Optional<String> code) throws SQLException {
        long before = now.getAsLong() - kept.toNanos() / 1_000;
        for (var table : TABLES) {
            List<Long> old;
            do {
                old = old(table, before, code);
                var numbers = old;
                writer.run(session -> delete(session, table, numbers));
            } while (old.size() == CHUNKS_AT_ONCE);
        }
    }

    private List<Long> old(String table, long before, Optional<String> code) throws SQLException {
        var exceptions = retention.byCode().keySet().stream().toList();
        var which = code.isPresent() ? "s.code = ?" : "s.code NOT IN (" + "?, ".repeat(exceptions.size()) + "'')";
        var select = session.prepare("""
                SELECT c.number FROM %s c JOIN series s ON s.number = c.series
                WHERE c.last_us < ? AND %s ORDER BY c.last_us LIMIT %d""".formatted(table, which, CHUNKS_AT_ONCE));
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

    static int delete(Session session, String table, List<Long> numbers) throws SQLException {
        var delete = session.prepare("DELETE FROM " + table + " WHERE number = ?");
        for (long number : numbers) {
            delete.setLong(1, number);
            delete.executeUpdate();
        }
        return numbers.size();
    }
}
