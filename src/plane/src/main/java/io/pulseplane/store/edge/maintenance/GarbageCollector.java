package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.edge.sqlite.BlockingWriter;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.ErasureTable;
import io.pulseplane.store.edge.tables.LostBatchTable;
import io.pulseplane.store.edge.tables.ReceiptTable;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Deletes chunks of erased patients, and chunks beyond their retention, a few in each transaction. Also forgets
 * receipts that may be of an erased patient and are not sealed under a patient's key.
 */
public final class GarbageCollector {

    private static final int CHUNKS_PER_TRANSACTION = 128;

    /** Rows of receipts, each of which is opened and may be sealed again. */
    private static final int ROWS_PER_TRANSACTION = 64;

    private static final List<String> CHUNK_TABLES = List.of("chunk", "quarantined_chunk");

    private final SqliteSession session;
    private final BlockingWriter writer;
    private final ReceiptTable receipts;
    private final Retention retention;
    private final Supplier<OptionalLong> retentionTime;

    /** @param retentionTime the time by which readings may be deleted; empty while the clock is in doubt */
    public GarbageCollector(
            SqliteSession session,
            BlockingWriter writer,
            ReceiptTable receipts,
            Retention retention,
            Supplier<OptionalLong> retentionTime) {
        this.session = session;
        this.writer = writer;
        this.receipts = receipts;
        this.retention = retention;
        this.retentionTime = retentionTime;
    }

    void collect() throws SQLException {
        for (var erasure : ErasureTable.listUncollected(session)) {
            collect(erasure.patient());
        }
        if (!retention.isUnlimited()) {
            var time = retentionTime.get();
            if (time.isPresent()) {
                deleteExpired(time.getAsLong());
            }
        }
    }

    private void collect(long patient) throws SQLException {
        for (var table : CHUNK_TABLES) {
            int deleted;
            do {
                deleted = writer.transaction(session -> {
                    var delete = session.prepare("""
                            DELETE FROM %1$s WHERE number IN (
                              SELECT c.number FROM series s JOIN %1$s c ON c.series = s.number
                              WHERE s.patient = ? LIMIT %2$d)""".formatted(table, CHUNKS_PER_TRANSACTION));
                    delete.setLong(1, patient);
                    return delete.executeUpdate();
                });
            } while (deleted > 0);
        }
        for (long device : devicesOf(patient)) {
            forgetReceiptsWithoutPatient(device);
        }
        writer.transaction(session -> {
            ErasureTable.markCollected(session, patient);
            return patient;
        });
    }

    private List<Long> devicesOf(long patient) throws SQLException {
        var select = session.prepare("SELECT DISTINCT device FROM series WHERE patient = ?");
        select.setLong(1, patient);
        var devices = new ArrayList<Long>();
        try (var rows = select.executeQuery()) {
            while (rows.next()) {
                devices.add(rows.getLong(1));
            }
        }
        return devices;
    }

    private void forgetReceiptsWithoutPatient(long device) {
        var after = OptionalLong.of(Long.MIN_VALUE);
        while (after.isPresent()) {
            long last = after.getAsLong();
            after = writer.transaction(session -> receipts.forgetUnknown(session, device, last, ROWS_PER_TRANSACTION));
        }
    }

    private void deleteExpired(long now) throws SQLException {
        for (var rule : retention.periodByCode().entrySet()) {
            deleteOlderThan(now - micros(rule.getValue()), Optional.of(rule.getKey()));
        }
        if (retention.defaultPeriod().isPresent()) {
            long before = now - micros(retention.defaultPeriod().get());
            deleteOlderThan(before, Optional.empty());
            writer.transaction(session -> LostBatchTable.deleteBefore(session, before));
        }
    }

    private static long micros(Duration period) {
        return TimeUnit.MICROSECONDS.convert(period);
    }

    private void deleteOlderThan(long before, Optional<String> code) throws SQLException {
        for (var table : CHUNK_TABLES) {
            int found;
            do {
                var numbers = findOlderThan(table, before, code);
                found = numbers.size();
                writer.transaction(session -> deleteChunks(session, table, numbers));
            } while (found == CHUNKS_PER_TRANSACTION);
        }
    }

    private List<Long> findOlderThan(String table, long before, Optional<String> code) throws SQLException {
        var codesWithRule = List.copyOf(retention.periodByCode().keySet());
        var condition =
                code.isPresent() ? "s.code = ?" : "s.code NOT IN (" + "?, ".repeat(codesWithRule.size()) + "'')";
        var sql = """
                SELECT c.number FROM %s c JOIN series s ON s.number = c.series
                WHERE c.last_us < ? AND %s ORDER BY c.last_us LIMIT %d""";
        var select = session.prepare(sql.formatted(table, condition, CHUNKS_PER_TRANSACTION));
        select.setLong(1, before);
        bind(select, code.map(List::of).orElse(codesWithRule));
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
