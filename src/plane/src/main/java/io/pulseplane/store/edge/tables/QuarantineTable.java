package io.pulseplane.store.edge.tables;

import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.ChunkTable.Header;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.TimeRange;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The table {@code quarantined_chunk}: chunks that could not be opened. They stand no longer in the way of others of
 * their series, but queries still learn that readings are lost.
 */
public final class QuarantineTable {

    private QuarantineTable() {}

    /** Moves a chunk here out of the table of chunks. */
    public static void quarantine(SqliteSession session, long chunk) throws SQLException {
        var copy = session.prepare("INSERT INTO quarantined_chunk (series, first_us, last_us, count, payload)"
                + " SELECT series, first_us, last_us, count, payload FROM chunk WHERE number = ?");
        copy.setLong(1, chunk);
        copy.executeUpdate();
        ChunkTable.delete(session, chunk);
    }

    /** @throws PlaneException.DataLoss if a quarantined chunk has readings in the range */
    public static void requireUndamaged(SqliteSession session, long series, TimeRange range) throws SQLException {
        var select = session.prepare("SELECT first_us, last_us FROM quarantined_chunk"
                + " WHERE series = ? AND first_us < ? AND last_us >= ? LIMIT 1");
        select.setLong(1, series);
        select.setLong(2, range.to());
        select.setLong(3, range.from());
        try (var row = select.executeQuery()) {
            if (row.next()) {
                throw ChunkTable.damaged(row.getLong(1), row.getLong(2));
            }
        }
    }

    public static List<Header> list(SqliteSession session) throws SQLException {
        var headers = new ArrayList<Header>();
        try (var rows = session.prepare("SELECT number, series, first_us, last_us, count FROM quarantined_chunk")
                .executeQuery()) {
            while (rows.next()) {
                headers.add(
                        new Header(rows.getLong(1), rows.getLong(2), rows.getLong(3), rows.getLong(4), rows.getInt(5)));
            }
        }
        return headers;
    }
}
