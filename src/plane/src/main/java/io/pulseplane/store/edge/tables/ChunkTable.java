package io.pulseplane.store.edge.tables;

import io.pulseplane.store.crypto.DecryptionFailedException;
import io.pulseplane.store.edge.keys.AssociatedData;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.chunk.ChunkReader;
import io.pulseplane.vitals.chunk.CorruptDataException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import javax.crypto.SecretKey;

/** The table {@code chunk}. Chunks of one series do not overlap. */
public final class ChunkTable {

    /** A chunk has at most this many readings. To decode them takes half a millisecond. */
    public static final int MAX_READINGS = 64 * 1024;

    /** A chunk spans at most this much time, in microseconds, so that retention deletes a slow series week by week. */
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

    /** The columns of a chunk without its readings. */
    public record Header(long number, long series, long firstTime, long lastTime, int count) {

        boolean overlaps(TimeRange range) {
            return lastTime >= range.from() && firstTime < range.to();
        }
    }

    /** A chunk that is not on disk yet. */
    public record NewChunk(long series, long firstTime, long lastTime, int count, byte[] payload) {}

    /** Gets chunks one after the other. */
    public interface Visitor {

        /** @return whether to go on */
        boolean visit(Header header, Payload payload) throws SQLException;
    }

    /** The readings of a chunk, which are decrypted when they are needed. */
    public interface Payload {

        /** @throws PlaneException.DataLoss if the chunk is not as it was written */
        ChunkReader open() throws SQLException;
    }

    /** Visits the chunks that have readings in the range, in order, until the visitor stops. */
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
                session.throwIfInterrupted();
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

    /**
     * Decrypts a chunk and opens it, in the reader of the session.
     *
     * @throws PlaneException.DataLoss if the chunk is not as it was written
     */
    public static ChunkReader open(SqliteSession session, SecretKey key, Header header, byte[] payload) {
        try {
            var associatedData = AssociatedData.ofChunk(header.series, header.firstTime, header.lastTime, header.count);
            return session.codecs().chunkReader.open(session.codecs().aesGcm.open(key, associatedData, payload));
        } catch (DecryptionFailedException | CorruptDataException _) {
            throw damaged(header.firstTime, header.lastTime);
        }
    }

    static PlaneException.DataLoss damaged(long firstTime, long lastTime) {
        return new PlaneException.DataLoss("readings of one series, from " + firstTime + " to " + lastTime
                + " us, are damaged on the plane's disk");
    }

    /** The last chunk that does not begin after a time: a reading of that time belongs into it. */
    public static Optional<Header> lastStartingAtOrBefore(SqliteSession session, long series, long time)
            throws SQLException {
        return findHeader(session, SELECT_HEADER + "first_us <= ? ORDER BY first_us DESC LIMIT 1", series, time);
    }

    /** The last chunk that begins before a time. */
    public static Optional<Header> lastStartingBefore(SqliteSession session, long series, long time)
            throws SQLException {
        return findHeader(session, SELECT_HEADER + "first_us < ? ORDER BY first_us DESC LIMIT 1", series, time);
    }

    /** The first chunk that begins after a time. */
    public static Optional<Header> firstStartingAfter(SqliteSession session, long series, long time)
            throws SQLException {
        return findHeader(session, SELECT_HEADER + "first_us > ? ORDER BY first_us LIMIT 1", series, time);
    }

    private static Optional<Header> findHeader(SqliteSession session, String sql, long series, long time)
            throws SQLException {
        var select = session.prepare(sql);
        select.setLong(1, series);
        select.setLong(2, time);
        try (var row = select.executeQuery()) {
            return row.next() ? Optional.of(headerOf(series, row)) : Optional.empty();
        }
    }

    /** Reads a chunk and opens it. For the maintenance thread only, because no other thread deletes chunks. */
    public static ChunkReader open(SqliteSession session, SecretKey key, Header header) throws SQLException {
        var select = session.prepare("SELECT payload FROM chunk WHERE number = ?");
        select.setLong(1, header.number);
        try (var row = select.executeQuery()) {
            if (!row.next()) {
                throw new IllegalStateException("a chunk is missing that no other thread deletes");
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
}
