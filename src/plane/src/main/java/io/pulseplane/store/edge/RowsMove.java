package io.pulseplane.store.edge;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.SecretKey;

/**
 * Moves readings and receipts out of the rows that earlier versions wrote, some thousands at a time. What is moved is written
 * anew and deleted in one transaction; where deleted rows were, there are zeroes.
 */
final class RowsMove {

    private static final int ROWS_AT_ONCE = 8_192;
    private static final int RECEIPTS_AT_ONCE = 2_048;

    private final Session session;
    private final Backstage writer;
    private final KeyVault vault;
    private final ReceiptRows receipts;
    private final RowsBefore rowsBefore;

    RowsMove(Session session, Backstage writer, KeyVault vault, ReceiptRows receipts, RowsBefore rowsBefore) {
        this.session = session;
        this.writer = writer;
        this.vault = vault;
        this.receipts = receipts;
        this.rowsBefore = rowsBefore;
    }

    /** Says whether there is more. */
    boolean moveSome() throws SQLException {
        if (!rowsBefore.any()) {
            return false;
        }
        if (moveReadings() || moveReceipts()) {
            return true;
        }
        rowsBefore.gone();
        // Pages with rows that were not moved yet are still in the log; if somebody reads just now, until it is begun
        // anew.
        session.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        return false;
    }

    private boolean moveReadings() throws SQLException {
        var first = firstSeries();
        if (first.isEmpty()) {
            return false;
        }
        long series = first.get();
        var some = some(series);
        var key = keyOf(series);
        var plan = key.isEmpty() ? null : Placement.of(session, series, key.get(), some);
        writer.run(session -> {
            if (plan != null && keyOf(series).isPresent()) {
                plan.carryOut(session);
            }
            var delete = session.prepare("DELETE FROM reading WHERE series = ? AND time_us <= ?");
            delete.setLong(1, series);
            delete.setLong(2, some.times()[some.size() - 1]);
            return delete.executeUpdate();
        });
        return true;
    }

    private Optional<Long> firstSeries() throws SQLException {
        try (var row = session.prepare("SELECT series FROM reading ORDER BY series LIMIT 1")
                .executeQuery()) {
            return row.next() ? Optional.of(row.getLong(1)) : Optional.empty();
        }
    }

    private Gathering some(long series) throws SQLException {
        var select = session.prepare(
                "SELECT time_us, value FROM reading WHERE series = ? ORDER BY time_us LIMIT " + ROWS_AT_ONCE);
        select.setLong(1, series);
        var times = new long[ROWS_AT_ONCE];
        var values = new double[ROWS_AT_ONCE];
        int size = 0;
        try (var rows = select.executeQuery()) {
            while (rows.next()) {
                times[size] = rows.getLong(1);
                values[size++] = rows.getDouble(2);
            }
        }
        var some = new Gathering();
        some.add(times, values, 0, size);
        return some.sorted();
    }

    private Optional<SecretKey> keyOf(long series) throws SQLException {
        var select = session.prepare("SELECT patient FROM series WHERE number = ?");
        select.setLong(1, series);
        try (var row = select.executeQuery()) {
            return row.next() ? vault.key(row.getLong(1)) : Optional.empty();
        }
    }

    private boolean moveReceipts() throws SQLException {
        var byDevice = new HashMap<Long, List<Sent>>();
        int count = 0;
        try (var rows = session.prepare(
                        "SELECT device, sequence, digest, accepted, duplicates, rejections FROM batch LIMIT "
                                + RECEIPTS_AT_ONCE)
                .executeQuery()) {
            while (rows.next()) {
                byDevice.computeIfAbsent(rows.getLong(1), _ -> new ArrayList<>())
                        .add(new Sent(
                                rows.getLong(2),
                                rows.getLong(3),
                                rows.getInt(4),
                                rows.getInt(5),
                                Session.bytes(rows, 6)));
                count++;
            }
        }
        if (count > 0) {
            writer.run(session -> move(session, byDevice));
        }
        return count > 0;
    }

    private int move(Session session, Map<Long, List<Sent>> byDevice) throws SQLException {
        var delete = session.prepare("DELETE FROM batch WHERE device = ? AND sequence = ?");
        for (var entry : byDevice.entrySet()) {
            receipts.add(session, entry.getKey(), entry.getValue());
            for (var sent : entry.getValue()) {
                delete.setLong(1, entry.getKey());
                delete.setLong(2, sent.sequence());
                delete.executeUpdate();
            }
        }
        return byDevice.size();
    }
}
