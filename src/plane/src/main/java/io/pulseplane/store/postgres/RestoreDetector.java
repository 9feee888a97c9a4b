package io.pulseplane.store.postgres;

import io.smallrye.mutiny.Uni;
import io.vertx.core.Future;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Finds out whether the database lacks what this plane wrote before: an older backup was put in its place, or a standby
 * took over that lacks the last commits.
 *
 * <p>The plane counts in a row of its own. Whatever was done to the database, a row that is missing or has a lower
 * count shows it. Times, log positions and identifiers of servers would not show all of dumps, copies of files and
 * standbys.
 */
public final class RestoreDetector {

    private static final String BEGIN = """
            INSERT INTO planes (plane, run, beat) VALUES ($1, $2, 1)
            ON CONFLICT (plane) DO UPDATE SET run = excluded.run, beat = excluded.beat""";

    private static final String COUNT = """
            UPDATE planes SET beat = beat + 1 WHERE plane = $1 AND run = $2 AND beat >= $3 RETURNING beat""";

    private final SessionPool sessions;
    private final String plane;
    private final long run = new SecureRandom().nextLong();

    /** The last count whose commit the database confirmed; 0 before the first check. The row may be further. */
    private final AtomicLong confirmedBeat = new AtomicLong();

    /** @param wentBack whether the row was missing or lower, so that the count began anew */
    private record Count(long beat, boolean wentBack) {}

    RestoreDetector(SessionPool sessions, String plane) {
        this.sessions = sessions;
        this.plane = plane;
    }

    /**
     * Counts on. Fails if the database does not answer; that alone says nothing about it.
     *
     * @return whether the database lacks what this plane wrote since its start
     */
    public Uni<Boolean> check() {
        return sessions.transaction(this::count)
                .invoke(count -> confirmedBeat.set(count.beat))
                .map(Count::wentBack);
    }

    private Future<Count> count(PostgresSession session) {
        long beat = confirmedBeat.get();
        if (beat == 0) {
            return begin(session, false);
        }
        return session.execute(COUNT, plane, run, beat)
                .compose(rows -> rows.size() == 0
                        ? begin(session, true)
                        : Future.succeededFuture(
                                new Count(rows.iterator().next().getLong(0), false)));
    }

    private Future<Count> begin(PostgresSession session, boolean wentBack) {
        return session.execute(BEGIN, plane, run).map(_ -> new Count(1, wentBack));
    }
}
