package io.pulseplane.store.edge;

import io.pulseplane.store.Aggregates;
import io.pulseplane.store.chunk.ChunkReader;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
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
final class SeriesReader {

    private final KeyVault vault;
    private final Backlog backlog;

    SeriesReader(KeyVault vault, Backlog backlog) {
        this.vault = vault;
        this.backlog = backlog;
    }

    /** A series by its numbers. */
    record Found(long number, long patient) {}

    /** @throws Problem.Damaged if readings of the range were lost */
    Columns read(Session session, Found found, Series series, TimeRange range, Order order, int limit)
            throws SQLException {
        var key = vault.key(found.patient);
        if (key.isEmpty() || range.isEmpty()) {
            return new Columns(series, new long[0], new double[0]);
        }
        var gathering = new Gathering();
        var pieces = backlog.of(found.number);
        var fromChunks = new int[1];
        var reached = new long[] {order == Order.OLDEST_FIRST ? Long.MIN_VALUE : Long.MAX_VALUE};
        ChunkRows.visit(session, found.number, key.get(), range, order, (header, payload) -> {
            int before = gathering.size();
            gathering.add(payload.open(), range, order, limit);
            fromChunks[0] += gathering.size() - before;
            reached[0] = order == Order.OLDEST_FIRST ? header.last() : header.first();
            return fromChunks[0] < limit;
        });
        boolean enough = fromChunks[0] >= limit;
        for (var piece : pieces) {
            boolean isBeyond = order == Order.OLDEST_FIRST ? piece.first() > reached[0] : piece.last() < reached[0];
            if (!(enough && isBeyond) && piece.last() >= range.from() && piece.first() < range.to()) {
                gathering.add(session.bench().reader.open(piece.chunk()), range, order, limit);
            }
        }
        var columns = gathering.sorted().columns(series, order, limit);
        refuseDamaged(session, found.number, columns, range, order, limit);
        return columns;
    }

    /** Adds up the readings of a range until there are more windows than the limit. */
    void aggregate(Session session, Found found, TimeRange range, long width, int limit, Aggregates.Builder into)
            throws SQLException {
        var key = vault.key(found.patient);
        if (key.isEmpty() || range.isEmpty()) {
            return;
        }
        var loose = new Gathering();
        gather(session, backlog.of(found.number), range, loose);
        var adding = new Adding(range, width, limit, loose.sorted(), into);
        ChunkRows.visit(session, found.number, key.get(), range, Order.OLDEST_FIRST, adding);
        adding.finish();
        ChunkRows.refuseDamaged(session, found.number, adding.added());
    }

    /** What was cut off by the limit may have readings that were lost; what is answered may not. */
    private static void refuseDamaged(
            Session session, long series, Columns columns, TimeRange range, Order order, int limit)
            throws SQLException {
        if (columns.size() < limit) {
            ChunkRows.refuseDamaged(session, series, range);
        } else if (order == Order.OLDEST_FIRST) {
            ChunkRows.refuseDamaged(session, series, new TimeRange(range.from(), columns.lastTime() + 1));
        } else {
            ChunkRows.refuseDamaged(session, series, new TimeRange(columns.lastTime(), range.to()));
        }
    }

    /**
     * Everything that is known of a range; readings in chunks that are damaged are not.
     *
     * @param more readings that are in none of the places yet
     */
    Gathering known(Session session, long series, SecretKey key, TimeRange range, List<Piece> more)
            throws SQLException {
        var gathering = new Gathering();
        gather(session, backlog.of(series), range, gathering);
        gather(session, more, range, gathering);
        ChunkRows.visit(session, series, key, range, Order.OLDEST_FIRST, (_, payload) -> {
            try {
                gathering.add(payload.open(), range, Order.OLDEST_FIRST, Integer.MAX_VALUE);
            } catch (Problem.Damaged _) {
                // What a device sends again is taken: nobody can tell whether it was there.
            }
            return true;
        });
        return gathering.sorted();
    }

    private static void gather(Session session, List<Piece> pieces, TimeRange range, Gathering into) {
        for (var piece : pieces) {
            if (piece.last() >= range.from() && piece.first() < range.to()) {
                into.add(session.bench().reader.open(piece.chunk()), range, Order.OLDEST_FIRST, Integer.MAX_VALUE);
            }
        }
    }

    /** The time of the last reading; -1 if there is none. */
    long lastTime(Session session, long series) throws SQLException {
        long last = -1;
        for (var piece : backlog.of(series)) {
            last = Math.max(last, piece.last());
        }
        var chunk = ChunkRows.at(session, series, Long.MAX_VALUE);
        return chunk.isPresent() ? Math.max(last, chunk.get().last()) : last;
    }

    /** The reading measured last. */
    Optional<Reading> latest(Session session, Found found, Series series) throws SQLException {
        var key = vault.key(found.patient);
        if (key.isEmpty()) {
            return Optional.empty();
        }
        Piece last = null;
        for (var piece : backlog.of(found.number)) {
            last = last == null || piece.last() > last.last() ? piece : last;
        }
        var known = last == null
                ? null
                : later(null, series, lastOf(session.bench().reader.open(last.chunk())));
        var inChunk = new Gathering();
        ChunkRows.visit(session, found.number, key.get(), TimeRange.ALL, Order.NEWEST_FIRST, (header, payload) -> {
            if (known == null || header.last() > known.time()) {
                inChunk.add(payload.open(), TimeRange.ALL, Order.NEWEST_FIRST, 1);
            }
            return false;
        });
        var latest = later(known, series, inChunk);
        if (latest != null) {
            ChunkRows.refuseDamaged(session, found.number, new TimeRange(latest.time(), Long.MAX_VALUE));
        } else {
            ChunkRows.refuseDamaged(session, found.number, TimeRange.ALL);
        }
        return Optional.ofNullable(latest);
    }

    private static Gathering lastOf(ChunkReader reader) {
        var gathering = new Gathering();
        gathering.add(reader, TimeRange.ALL, Order.NEWEST_FIRST, 1);
        return gathering;
    }

    private static Reading later(Reading latest, Series series, Gathering gathering) {
        if (gathering.size() == 0
                || latest != null && latest.time() >= gathering.times()[0]) {
            return latest;
        }
        return new Reading(series, gathering.times()[0], gathering.values()[0]);
    }
}
