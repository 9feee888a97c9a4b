package io.pulseplane.store.edge.tables;

import io.pulseplane.store.crypto.DecryptionFailedException;
import io.pulseplane.store.edge.keys.AssociatedData;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.chunk.ChunkReader;
import io.pulseplane.vitals.chunk.CorruptChunkException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import javax.crypto.SecretKey;

/** The rows of the table {@code chunk}. Chunks of one series do not overlap. */
public final class ChunkTable {

    /** A chunk has no more readings than this: to decode one takes half a millisecond. */
    public static final int MAX_READINGS = 64 * 1024;

    /** Nor does it reach over more time, in microseconds, so that retention drops a slow series a week at a time. */
    public static final long MAX_SPAN_MICROS = 7L * 24 * 3_600 * 1_000_000;

    private static final String COLUMNS = "number, first_us, last_us, count, payload";

    private static final String SELECT_ASCENDING = "SELECT " + COLUMNS + """
             FROM chunk WHERE series = ?1
              AND first_us >= coalesce((SELECT max(first_us) FROM chunk WHERE series = ?1 AND first_us <= ?2), ?2)
              AND first_us < ?3
            ORDER BY first_us""";

    private static final String SELECT_DESCENDING =
            "SELECT " + COLUMNS + " FROM chunk WHERE series = ?1 AND ?2 = ?2 AND first_us < ?3 ORDER BY first_us DESC";

    private static final String SELECT_HEADER =
            "SELECT number, first_us, last_us, count FROM chunk WHERE series = ? AND ";

    private ChunkTable() {}

    /** A chunk without its readings. */
    public record Header(long number, long series, long firstTime, long lastTime, int count) {

        boolean overlaps(TimeRange range) {
            return lastTime >= range.from() && firstTime < range.to();
        }
    }

    /** A chunk that is not on disk yet. */
    public record NewChunk(long series, long firstTime, long lastTime, int count, byte[] payload) {}

    /** Looks at chunks, one after the other; says whether to go on. */
    public interface Visitor {
        boolean visit(Header header, Payload payload) throws SQLException;
    }

    /** What a chunk holds, if anybody wants to know. */
    public interface Payload {

        /**
         * @throws PlaneException.DataLoss if the chunk is not as it was written
         */
        ChunkReader open() throws SQLException;
    }

    /** Shows the chunks that have readings in the range, in order, until it was enough. */
    public static void visit(
            SqliteSession session, long series, SecretKey key, TimeRange range, Order order, Visitor visitor)
            throws SQLException {
        boolean ascending = order == Order.OLDEST_FIRST;
        var select = session.prepare(ascending ? SELECT_ASCENDING : SELECT_DESCENDING);
        select.setLong(1, series);
        select.setLong(2, range.from());
        select.setLong(3, range.to());
        try (var rows = select.executeQuery()) {
            while (rows.next()) {
                var header = headerOf(series, rows);
                if (header.overlaps(range)) {
                    if (!visitor.visit(header, () -> open(session, key, header, SqliteSession.bytesOrEmpty(rows, 5)))) {
                        return;
                    }
                } else if (!ascending) {
                    return;
                }
            }
        }
    }

    private static Header headerOf(long series, ResultSet row) throws SQLException {
        return new Header(row.getLong(1), series, row.getLong(2), row.getLong(3), row.getInt(4));
    }

    public static ChunkReader open(SqliteSession session, SecretKey key, Header header, byte[] payload) {
        try {
            var place = AssociatedData.ofChunk(header.series, header.firstTime, header.lastTime, header.count);
            return session.codecs().chunkReader.open(session.codecs().aesGcm.open(key, place, payload));
        } catch (DecryptionFailedException | CorruptChunkException _) {
            throw new PlaneException.DataLoss("readings of one series, from " + header.firstTime + " to "
                    + header.lastTime + " us, are damaged on the plane's disk");
        }
    }

    /** The chunk in which a reading of that time would lie: the last one that does not begin after it. */
    public static Optional<Header> lastStartingAtOrBefore(SqliteSession session, long series, long time)
            throws SQLException {
        return header(session, SELECT_HEADER + "first_us <= ? ORDER BY first_us DESC LIMIT 1", series, time);
    }

    /** The chunk before the one that begins at that time. */
    public static Optional<Header> lastStartingBefore(SqliteSession session, long series, long time)
            throws SQLException {
        return header(session, SELECT_HEADER + "first_us < ? ORDER BY first_us DESC LIMIT 1", series, time);
    }

    /** The first chunk that begins after that time. */
    public static Optional<Header> firstStartingAfter(SqliteSession session, long series, long time)
            throws SQLException {
        return header(session, SELECT_HEADER + "first_us > ? ORDER BY first_us LIMIT 1", series, time);
    }

    private static Optional<Header> header(SqliteSession session, String sql, long series, long time)
            throws SQLException {
        var select = session.prepare(sql);
        select.setLong(1, series);
        select.setLong(2, time);
        try (var row = select.executeQuery()) {
            return row.next() ? Optional.of(headerOf(series, row)) : Optional.empty();
        }
    }

    /** For the one thread that changes chunks: nobody else can be sure that it is still there. */
    public static ChunkReader open(SqliteSession session, SecretKey key, Header header) throws SQLException {
        var select = session.prepare("SELECT payload FROM chunk WHERE number = ?");
        select.setLong(1, header.number);
        try (var row = select.executeQuery()) {
            if (!row.next()) {
                throw new IllegalStateException("a chunk is gone that nobody else removes");
            }
            return open(session, key, header, SqliteSession.bytesOrEmpty(row, 1));
        }
    }

    public static void insert(SqliteSession session, NewChunk chunk) throws SQLException {
        var insert =
                session.prepare("INSERT INTO chunk (series, first_us, last_us, count, payload) VALUES (?, ?, ?, ?, ?)");
        insert.setLong(1, chunk.series);
        insert.setLong(2, chunk.firstTime);
        insert.setLong(3, chunk.lastTime);
        insert.setInt(4, chunk.count);
        insert.setBytes(5, chunk.payload);
        insert.executeUpdate();
    }

    public static void delete(SqliteSession session, long number) throws SQLException {
        var delete = session.prepare("DELETE FROM chunk WHERE number = ?");
        delete.setLong(1, number);
        delete.executeUpdate();
    }

    /** Puts a chunk that cannot be opened out of the way of those that can. */
    public static void quarantine(SqliteSession session, long number) throws SQLException {
        var copy = session.prepare("INSERT INTO quarantined_chunk (series, first_us, last_us, count, payload)"
                + " SELECT series, first_us, last_us, count, payload FROM chunk WHERE number = ?");
        copy.setLong(1, number);
        copy.executeUpdate();
        delete(session, number);
    }

    /** Refuses a range that has readings in a chunk that was put aside. */
    public static void requireUndamaged(SqliteSession session, long series, TimeRange range) throws SQLException {
        var select = session.prepare(
                "SELECT first_us, last_us FROM quarantined_chunk WHERE series = ? AND first_us < ? AND last_us >= ? LIMIT 1");
        select.setLong(1, series);
        select.setLong(2, range.to());
        select.setLong(3, range.from());
        try (var row = select.executeQuery()) {
            if (row.next()) {
                throw new PlaneException.DataLoss("readings of one series, from " + row.getLong(1) + " to "
                        + row.getLong(2) + " us, are damaged on the plane's disk");
            }
        }
    }
}
