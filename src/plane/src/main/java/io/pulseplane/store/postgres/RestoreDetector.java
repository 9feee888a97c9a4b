package io.pulseplane.store.postgres;

import io.smallrye.mutiny.Uni;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.security.SecureRandom;
import java.time.OffsetDateTime;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Finds out whether the database lacks what this plane wrote before: an older backup was put in its place, or a standby
 * took over that lacks the last commits.
 *
 * <p>The plane counts in a row of its own. Whatever was done to the database, a row that is missing or has a lower
 * count shows it. Times, log positions and identifiers of servers would not show all of dumps, copies of files and
 * standbys. What was committed after the last count can be lost without a trace in the row. No server loses it while it
 * runs, so each server that was started since is suspected.
 */
public final class RestoreDetector {

    private static final String BEGIN = """
            INSERT INTO planes (plane, run, beat) VALUES ($1, $2, 1)
            ON CONFLICT (plane) DO UPDATE SET run = excluded.run, beat = excluded.beat
            RETURNING beat, pg_postmaster_start_time()""";

    private static final String COUNT = """
            UPDATE planes SET beat = beat + 1 WHERE plane = $1 AND run = $2 AND beat >= $3
            RETURNING beat, pg_postmaster_start_time()""";

    /** What a check found. */
    public enum Finding {
        /** The database has everything that was committed before the last check. */
        NOTHING_LOST,
        /** Another server answers, or it was started anew: it may lack what was committed since the last check. */
        SERVER_STARTED,
        /** The database lacks what was committed before the last check. */
        WENT_BACK
    }

    private final SessionPool sessions;
    private final String plane;
    private final long run = new SecureRandom().nextLong();

    /** The last count whose commit the database confirmed; null before the first check. The row may be further. */
    private final AtomicReference<Count> confirmed = new AtomicReference<>();

    /** @param serverStart when the server that counted was started */
    private record Count(long beat, OffsetDateTime serverStart, Finding finding) {

        Count since(Count last) {
            return serverStart.equals(last.serverStart) ? this : new Count(beat, serverStart, Finding.SERVER_STARTED);
        }
    }

    RestoreDetector(SessionPool sessions, String plane) {
        this.sessions = sessions;
        this.plane = plane;
    }

    /** Counts on. Fails if the database does not answer; that alone says nothing about it. */
    public Uni<Finding> check() {
        return sessions.transaction(this::count).invoke(confirmed::set).map(Count::finding);
    }

    private Future<Count> count(PostgresSession session) {
        var last = confirmed.get();
        if (last == null) {
            return begin(session, Finding.NOTHING_LOST);
        }
        return session.execute(COUNT, plane, run, last.beat)
                .compose(rows -> rows.size() == 0
                        ? begin(session, Finding.WENT_BACK)
                        : Future.succeededFuture(read(rows.iterator().next(), Finding.NOTHING_LOST)
                                .since(last)));
    }

    private Future<Count> begin(PostgresSession session, Finding finding) {
        return session.execute(BEGIN, plane, run)
                .map(rows -> read(rows.iterator().next(), finding));
    }

    private static Count read(Row row, Finding finding) {
        return new Count(row.getLong(0), row.getOffsetDateTime(1), finding);
    }
}
