package io.pulseplane.store.edge.journal;

import io.pulseplane.store.WindowAggregates;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.ChunkTable;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.chunk.ChunkReader;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import javax.crypto.SecretKey;

/**
 * Reads one series from wherever its readings are: in the backlog, in chunks.
 *
 * <p>Readings move from the backlog to chunks, so they are looked for in that order: what has moved meanwhile is found
 * twice, and never not at all.
 */
public final class SeriesReader {

    private final KeyVault vault;
    private final Memtable memtable;

    public SeriesReader(KeyVault vault, Memtable backlog) {
        this.vault = vault;
        this.memtable = backlog;
    }

    /** A series by its numbers. */
    public record SeriesRow(long number, long patient) {}

    /** @throws PlaneException.DataLoss if readings of the range were lost */
    public Columns read(SqliteSession session, SeriesRow found, Series series, TimeRange range, Order order, int limit)
            throws SQLException {
        var key = vault.key(found.patient);
        if (key.isEmpty() || range.isEmpty()) {
            return new Columns(series, new long[0], new double[0]);
        }
        var gathering = new MergeBuffer();
        var pieces = memtable.chunksOf(found.number);
        var fromChunks = new int[1];
        var reached = new long[] {order == Order.OLDEST_FIRST ? Long.MIN_VALUE : Long.MAX_VALUE};
        ChunkTable.visit(session, found.number, key.get(), range, order, (header, payload) -> {
            int before = gathering.size();
            gathering.add(payload.open(), range, order, limit);
            fromChunks[0] += gathering.size() - before;
            reached[0] = order == Order.OLDEST_FIRST ? header.lastTime() : header.firstTime();
            return fromChunks[0] < limit;
        });
        boolean enough = fromChunks[0] >= limit;
        for (var piece : pieces) {
            boolean isBeyond =
                    order == Order.OLDEST_FIRST ? piece.firstTime() > reached[0] : piece.lastTime() < reached[0];
            if (!(enough && isBeyond) && piece.lastTime() >= range.from() && piece.firstTime() < range.to()) {
                gathering.add(session.codecs().chunkReader.open(piece.chunk()), range, order, limit);
            }
        }
        var columns = gathering.merge().toColumns(series, order, limit);
        requireUndamaged(session, found.number, columns, range, order, limit);
        return columns;
    }

    /** Adds up the readings of a range until there are more windows than the limit. */
    public void aggregate(
            SqliteSession session,
            SeriesRow found,
            TimeRange range,
            long width,
            int limit,
            WindowAggregates.Builder into)
            throws SQLException {
        var key = vault.key(found.patient);
        if (key.isEmpty() || range.isEmpty()) {
            return;
        }
        var loose = new MergeBuffer();
        addOverlapping(session, memtable.chunksOf(found.number), range, loose);
        var adding = new ChunkAggregator(range, width, limit, loose.merge(), into);
        ChunkTable.visit(session, found.number, key.get(), range, Order.OLDEST_FIRST, adding);
        adding.finish();
        ChunkTable.requireUndamaged(session, found.number, adding.aggregatedRange());
    }

    /** What was cut off by the limit may have readings that were lost; what is answered may not. */
    private static void requireUndamaged(
            SqliteSession session, long series, Columns columns, TimeRange range, Order order, int limit)
            throws SQLException {
        if (columns.size() < limit) {
            ChunkTable.requireUndamaged(session, series, range);
        } else if (order == Order.OLDEST_FIRST) {
            ChunkTable.requireUndamaged(session, series, new TimeRange(range.from(), columns.lastTime() + 1));
        } else {
            ChunkTable.requireUndamaged(session, series, new TimeRange(columns.lastTime(), range.to()));
        }
    }

    /**
     * Everything that is known of a range; readings in chunks that are damaged are not.
     *
     * @param more readings that are in none of the places yet
     */
    MergeBuffer readStored(SqliteSession session, long series, SecretKey key, TimeRange range, List<MemtableChunk> more)
            throws SQLException {
        var gathering = new MergeBuffer();
        addOverlapping(session, memtable.chunksOf(series), range, gathering);
        addOverlapping(session, more, range, gathering);
        ChunkTable.visit(session, series, key, range, Order.OLDEST_FIRST, (_, payload) -> {
            try {
                gathering.add(payload.open(), range, Order.OLDEST_FIRST, Integer.MAX_VALUE);
            } catch (PlaneException.DataLoss _) {
                // What a device sends again is taken: nobody can tell whether it was there.
            }
            return true;
        });
        return gathering.merge();
    }

    private static void addOverlapping(
            SqliteSession session, List<MemtableChunk> pieces, TimeRange range, MergeBuffer into) {
        for (var piece : pieces) {
            if (piece.lastTime() >= range.from() && piece.firstTime() < range.to()) {
                into.add(
                        session.codecs().chunkReader.open(piece.chunk()), range, Order.OLDEST_FIRST, Integer.MAX_VALUE);
            }
        }
    }

    /** The time of the last reading; -1 if there is none. */
    long lastTime(SqliteSession session, long series) throws SQLException {
        long last = -1;
        for (var piece : memtable.chunksOf(series)) {
            last = Math.max(last, piece.lastTime());
        }
        var chunk = ChunkTable.lastStartingAtOrBefore(session, series, Long.MAX_VALUE);
        return chunk.isPresent() ? Math.max(last, chunk.get().lastTime()) : last;
    }

    /** The reading measured last. */
    public Optional<Reading> latest(SqliteSession session, SeriesRow found, Series series) throws SQLException {
        var key = vault.key(found.patient);
        if (key.isEmpty()) {
            return Optional.empty();
        }
        MemtableChunk last = null;
        for (var piece : memtable.chunksOf(found.number)) {
            last = last == null || piece.lastTime() > last.lastTime() ? piece : last;
        }
        var known = last == null
                ? null
                : laterOf(
                        null, series, lastReadingOf(session.codecs().chunkReader.open(last.chunk())));
        var inChunk = new MergeBuffer();
        ChunkTable.visit(session, found.number, key.get(), TimeRange.ALL, Order.NEWEST_FIRST, (header, payload) -> {
            if (known == null || header.lastTime() > known.time()) {
                inChunk.add(payload.open(), TimeRange.ALL, Order.NEWEST_FIRST, 1);
            }
            return false;
        });
        var latest = laterOf(known, series, inChunk);
        if (latest != null) {
            ChunkTable.requireUndamaged(session, found.number, new TimeRange(latest.time(), Long.MAX_VALUE));
        } else {
            ChunkTable.requireUndamaged(session, found.number, TimeRange.ALL);
        }
        return Optional.ofNullable(latest);
    }

    private static MergeBuffer lastReadingOf(ChunkReader reader) {
        var gathering = new MergeBuffer();
        gathering.add(reader, TimeRange.ALL, Order.NEWEST_FIRST, 1);
        return gathering;
    }

    private static Reading laterOf(Reading latest, Series series, MergeBuffer gathering) {
        if (gathering.size() == 0
                || latest != null && latest.time() >= gathering.times()[0]) {
            return latest;
        }
        return new Reading(series, gathering.times()[0], gathering.values()[0]);
    }
}
