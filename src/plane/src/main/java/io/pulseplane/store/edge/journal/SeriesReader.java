package io.pulseplane.store.edge.journal;

import io.pulseplane.store.WindowAggregates;
import io.pulseplane.store.WindowGrid;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.ChunkTable;
import io.pulseplane.store.edge.tables.QuarantineTable;
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
 * Reads series, whose readings are in the memtable and in chunks.
 *
 * <p>Readings move from the memtable to chunks, so the reader looks into the memtable first. A reading that moves
 * meanwhile is found twice, and never missed.
 */
public final class SeriesReader {

    private final KeyVault vault;
    private final Memtable memtable;
    private final LostBatches lostBatches;

    public SeriesReader(KeyVault vault, Memtable memtable, LostBatches lostBatches) {
        this.vault = vault;
        this.memtable = memtable;
        this.lostBatches = lostBatches;
    }

    /** The numbers of a series and of its patient. */
    public record SeriesRow(long number, long patient) {}

    /**
     * Reads a range.
     *
     * @throws PlaneException.DataLoss if readings of the range are lost
     */
    public Columns read(SqliteSession session, SeriesRow row, Series series, TimeRange range, Order order, int limit)
            throws SQLException {
        var key = vault.key(row.patient);
        if (key.isEmpty() || range.isEmpty()) {
            return new Columns(series, new long[0], new double[0]);
        }
        var readings = new MergeBuffer();
        var memtableChunks = memtable.chunksOf(row.number);
        var countFromDisk = new int[1];
        var reachedTime = new long[] {order == Order.OLDEST_FIRST ? Long.MIN_VALUE : Long.MAX_VALUE};
        ChunkTable.visit(session, row.number, key.get(), range, order, (header, payload) -> {
            int sizeBefore = readings.size();
            readings.add(payload.open(), range, order, limit);
            countFromDisk[0] += readings.size() - sizeBefore;
            reachedTime[0] = order == Order.OLDEST_FIRST ? header.lastTime() : header.firstTime();
            return countFromDisk[0] < limit;
        });
        boolean isLimitReached = countFromDisk[0] >= limit;
        for (var chunk : memtableChunks) {
            boolean isBeyond = order == Order.OLDEST_FIRST
                    ? chunk.firstTime() > reachedTime[0]
                    : chunk.lastTime() < reachedTime[0];
            if (!(isLimitReached && isBeyond) && overlaps(chunk, range)) {
                readings.add(session.codecs().chunkReader.open(chunk.chunk()), range, order, limit);
            }
        }
        var columns = readings.merge().toColumns(series, order, limit);
        requireUndamaged(session, row, columns, range, order, limit);
        return columns;
    }

    private static boolean overlaps(MemtableChunk chunk, TimeRange range) {
        return chunk.lastTime() >= range.from() && chunk.firstTime() < range.to();
    }

    /**
     * Aggregates the readings of a range, until there are more windows than the limit.
     *
     * @throws PlaneException.DataLoss if readings of the range are lost
     */
    public void aggregate(
            SqliteSession session,
            SeriesRow row,
            TimeRange range,
            WindowGrid grid,
            int limit,
            WindowAggregates.Builder windows)
            throws SQLException {
        var key = vault.key(row.patient);
        if (key.isEmpty() || range.isEmpty()) {
            return;
        }
        var uncompacted = new MergeBuffer();
        addOverlapping(session, memtable.chunksOf(row.number), range, uncompacted);
        var aggregator = new ChunkAggregator(range, grid, limit, uncompacted.merge(), windows);
        ChunkTable.visit(session, row.number, key.get(), range, Order.OLDEST_FIRST, aggregator);
        aggregator.finish();
        requireUndamaged(session, row, aggregator.aggregatedRange());
    }

    /** Readings may be lost beyond the limit, but not between those that are returned. */
    private void requireUndamaged(
            SqliteSession session, SeriesRow row, Columns columns, TimeRange range, Order order, int limit)
            throws SQLException {
        if (columns.size() < limit) {
            requireUndamaged(session, row, range);
        } else if (order == Order.OLDEST_FIRST) {
            requireUndamaged(session, row, new TimeRange(range.from(), columns.lastTime() + 1));
        } else {
            requireUndamaged(session, row, new TimeRange(columns.lastTime(), range.to()));
        }
    }

    private void requireUndamaged(SqliteSession session, SeriesRow row, TimeRange range) throws SQLException {
        lostBatches.requireNone(row.patient, range);
        QuarantineTable.requireUndamaged(session, row.number, range);
    }

    /**
     * Reads a whole range for the appender. Damaged chunks are left out.
     *
     * @param groupChunks readings of the present group, which are not in the memtable yet
     */
    MergeBuffer readStored(
            SqliteSession session, long series, SecretKey key, TimeRange range, List<MemtableChunk> groupChunks)
            throws SQLException {
        var readings = new MergeBuffer();
        addOverlapping(session, memtable.chunksOf(series), range, readings);
        addOverlapping(session, groupChunks, range, readings);
        ChunkTable.visit(session, series, key, range, Order.OLDEST_FIRST, (_, payload) -> {
            try {
                readings.add(payload.open(), range, Order.OLDEST_FIRST, Integer.MAX_VALUE);
            } catch (PlaneException.DataLoss _) {
                // Readings that a device sends again are stored as new, because nobody can tell whether they were
                // stored.
            }
            return true;
        });
        return readings.merge();
    }

    private static void addOverlapping(
            SqliteSession session, List<MemtableChunk> chunks, TimeRange range, MergeBuffer readings) {
        for (var chunk : chunks) {
            if (overlaps(chunk, range)) {
                readings.add(
                        session.codecs().chunkReader.open(chunk.chunk()), range, Order.OLDEST_FIRST, Integer.MAX_VALUE);
            }
        }
    }

    /** The time of the last reading; -1 if there is none. */
    long lastTime(SqliteSession session, long series) throws SQLException {
        long last = -1;
        for (var chunk : memtable.chunksOf(series)) {
            last = Math.max(last, chunk.lastTime());
        }
        var lastOnDisk = ChunkTable.lastStartingAtOrBefore(session, series, Long.MAX_VALUE);
        return lastOnDisk.isPresent() ? Math.max(last, lastOnDisk.get().lastTime()) : last;
    }

    /**
     * The reading with the latest time.
     *
     * @throws PlaneException.DataLoss if a later one may be lost
     */
    public Optional<Reading> latest(SqliteSession session, SeriesRow row, Series series) throws SQLException {
        var key = vault.key(row.patient);
        if (key.isEmpty()) {
            return Optional.empty();
        }
        MemtableChunk last = null;
        for (var chunk : memtable.chunksOf(row.number)) {
            last = last == null || chunk.lastTime() > last.lastTime() ? chunk : last;
        }
        var inMemtable = last == null
                ? null
                : laterOf(
                        null, series, lastReadingOf(session.codecs().chunkReader.open(last.chunk())));
        var onDisk = new MergeBuffer();
        ChunkTable.visit(session, row.number, key.get(), TimeRange.ALL, Order.NEWEST_FIRST, (header, payload) -> {
            if (inMemtable == null || header.lastTime() > inMemtable.time()) {
                onDisk.add(payload.open(), TimeRange.ALL, Order.NEWEST_FIRST, 1);
            }
            return false;
        });
        var latest = laterOf(inMemtable, series, onDisk);
        lostBatches.requireNoneAfter(row.patient, latest == null ? -1 : latest.time());
        if (latest != null) {
            QuarantineTable.requireUndamaged(session, row.number, new TimeRange(latest.time(), Long.MAX_VALUE));
        } else {
            QuarantineTable.requireUndamaged(session, row.number, TimeRange.ALL);
        }
        return Optional.ofNullable(latest);
    }

    private static MergeBuffer lastReadingOf(ChunkReader reader) {
        var reading = new MergeBuffer();
        reading.add(reader, TimeRange.ALL, Order.NEWEST_FIRST, 1);
        return reading;
    }

    /** The later of a reading, which may be null, and of the only one in a buffer, which may be empty. */
    private static Reading laterOf(Reading latest, Series series, MergeBuffer other) {
        if (other.size() == 0 || (latest != null && latest.time() >= other.times()[0])) {
            return latest;
        }
        return new Reading(series, other.times()[0], other.values()[0]);
    }
}
