package io.pulseplane.store.edge;

import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.TimeRange;
import java.sql.SQLException;

/**
 * Readings and receipts in the rows that earlier versions wrote, until all of them have been moved to chunks. Then nobody
 * looks for them any more.
 */
final class RowsBefore {

    private static final String READ =
            "SELECT time_us, value FROM reading WHERE series = ? AND time_us >= ? AND time_us < ? ORDER BY time_us %s LIMIT ?";
    private static final String ASCENDING = READ.formatted("ASC");
    private static final String DESCENDING = READ.formatted("DESC");

    private volatile boolean any;

    RowsBefore(boolean any) {
        this.any = any;
    }

    /** Looks whether there are such rows; tables that are empty go. */
    static RowsBefore open(Session session) throws SQLException {
        if (!areThere(session)) {
            return new RowsBefore(false);
        }
        if (!hasAny(session)) {
            drop(session);
            return new RowsBefore(false);
        }
        // Anybody can read them: where they were, nothing of them is to be left.
        session.execute("PRAGMA secure_delete = ON");
        return new RowsBefore(true);
    }

    private static boolean areThere(Session session) throws SQLException {
        try (var row = session.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'reading'")
                .executeQuery()) {
            row.next();
            return row.getInt(1) > 0;
        }
    }

    static boolean hasAny(Session session) throws SQLException {
        try (var row = session.prepare("SELECT EXISTS (SELECT 1 FROM reading) OR EXISTS (SELECT 1 FROM batch)")
                .executeQuery()) {
            row.next();
            return row.getBoolean(1);
        }
    }

    static void drop(Session session) throws SQLException {
        session.forgetStatements();
        session.execute("DROP TABLE reading");
        session.execute("DROP TABLE batch");
    }

    boolean any() {
        return any;
    }

    /** Called when all have been moved. The tables go when the store is opened next: somebody may be looking into them. */
    void gone() {
        any = false;
    }

    void erase(Session session, long patient) throws SQLException {
        if (any) {
            var delete = session.prepare(
                    "DELETE FROM reading WHERE series IN (SELECT number FROM series WHERE patient = ?)");
            delete.setLong(1, patient);
            delete.executeUpdate();
        }
    }

    void gather(Session session, long series, TimeRange range, Order order, int limit, Gathering into)
            throws SQLException {
        if (!any) {
            return;
        }
        var select = session.prepare(order == Order.OLDEST_FIRST ? ASCENDING : DESCENDING);
        select.setLong(1, series);
        select.setLong(2, range.from());
        select.setLong(3, range.to());
        select.setInt(4, limit);
        try (var rows = select.executeQuery()) {
            var times = new long[1];
            var values = new double[1];
            while (rows.next()) {
                times[0] = rows.getLong(1);
                values[0] = rows.getDouble(2);
                into.add(times, values, 0, 1);
            }
        }
    }

    /** The time of the last reading of a series; -1 if there is none. */
    long last(Session session, long series) throws SQLException {
        if (!any) {
            return -1;
        }
        var select = session.prepare("SELECT coalesce(max(time_us), -1) FROM reading WHERE series = ?");
        select.setLong(1, series);
        try (var row = select.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    Sent sent(Session session, long device, long sequence) throws SQLException {
        if (!any) {
            return null;
        }
        var select = session.prepare(
                "SELECT digest, accepted, duplicates, rejections FROM batch WHERE device = ? AND sequence = ?");
        select.setLong(1, device);
        select.setLong(2, sequence);
        try (var row = select.executeQuery()) {
            return row.next()
                    ? new Sent(sequence, row.getLong(1), row.getInt(2), row.getInt(3), Session.bytes(row, 4))
                    : null;
        }
    }
}
