package io.pulseplane.store.postgres;

import io.pulseplane.store.Erasure;
import io.pulseplane.vitals.PlaneException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Erases patients and reads the table {@code erasures}. The table holds the SHA-256 of each erased id: the plane can
 * recognise an id that comes back, but nobody can read ids from the table.
 */
final class ErasureTable {

    private static final String LOCK = "SELECT 1 FROM patients WHERE patient_id = $1 FOR UPDATE";
    private static final String RECORD_ERASURE = """
            INSERT INTO erasures (id_digest, erased_at) VALUES ($1, $2)
            ON CONFLICT (id_digest) DO UPDATE SET erased_at = excluded.erased_at""";
    private static final String ERASURE_TIME = "SELECT erased_at FROM erasures WHERE id_digest = $1";
    private static final String ERASED_AMONG = "SELECT id_digest FROM erasures WHERE id_digest = ANY($1)";

    private static final String LOST_AMONG = """
            SELECT k.digest, k.erased_at FROM unnest($1::bytea[], $2::timestamptz[]) AS k(digest, erased_at)
            LEFT JOIN erasures e ON e.id_digest = k.digest AND e.erased_at >= k.erased_at
            WHERE e.id_digest IS NULL""";
    private static final String RECORD_ERASURES = """
            INSERT INTO erasures (id_digest, erased_at) SELECT * FROM unnest($1::bytea[], $2::timestamptz[])
            ON CONFLICT (id_digest) DO UPDATE SET erased_at = excluded.erased_at""";

    // Whoever was registered after the erasure is another person.
    private static final String PATIENTS_OF = """
            SELECT p.patient_id, k.erased_at
            FROM unnest($1::bytea[], $2::timestamptz[]) AS k(digest, erased_at)
            JOIN patients p ON sha256(convert_to(p.patient_id, 'UTF8')) = k.digest AND p.created_at <= k.erased_at
            FOR UPDATE OF p""";

    // Consents stay as evidence, under a random pseudonym.
    private static final String ANONYMISE_CONSENTS = """
            UPDATE consents SET patient_id = p.pseudonym
            FROM (SELECT 'erased ' || gen_random_uuid() AS pseudonym) p WHERE patient_id = $1""";

    private static final String DEVICES = "SELECT DISTINCT device FROM series WHERE patient = $1";

    private ErasureTable() {}

    static Future<Long> erase(PostgresSession session, String id, long time) {
        return session.execute(LOCK, id)
                .compose(rows -> rows.size() == 0 ? erasureTime(session, id) : remove(session, id, time));
    }

    private static Future<Long> erasureTime(PostgresSession session, String id) {
        return latest(session, id)
                .map(time -> time.orElseThrow(() -> new PlaneException.NotFound("this patient is not registered")));
    }

    /** When a patient of this id was erased last; empty if none ever was. */
    static Future<Optional<Long>> latest(PostgresSession session, String id) {
        return session.execute(ERASURE_TIME, digest(id))
                .map(rows -> RowMapping.first(rows, row -> Micros.of(row.getOffsetDateTime(0))));
    }

    private static Future<Long> remove(PostgresSession session, String id, long time) {
        return session.execute(RECORD_ERASURE, digest(id), Micros.toTime(time))
                .compose(_ -> session.execute(DEVICES, id))
                .compose(
                        devices -> BatchTable.forgetUnkeyed(session, RowMapping.list(devices, row -> row.getString(0))))
                .compose(_ -> session.execute("DELETE FROM measurements WHERE patient = $1", id))
                .compose(_ -> session.execute("DELETE FROM series WHERE patient = $1", id))
                .compose(_ -> session.execute("DELETE FROM assignments WHERE patient_id = $1", id))
                .compose(_ -> session.execute(ANONYMISE_CONSENTS, id))
                .compose(_ -> session.execute("DELETE FROM patients WHERE patient_id = $1", id))
                .map(time);
    }

    /** The ids that were erased at some time, even if they were registered again. */
    static Future<Set<String>> erasedAmong(PostgresSession session, Collection<String> ids) {
        var digests = ids.stream().map(ErasureTable::digest).toArray(Buffer[]::new);
        return session.execute(ERASED_AMONG, (Object) digests).map(rows -> {
            var erasedDigests = new HashSet<Buffer>();
            rows.forEach(row -> erasedDigests.add(row.getBuffer(0)));
            var erased = new HashSet<String>();
            for (var id : ids) {
                if (erasedDigests.contains(digest(id))) {
                    erased.add(id);
                }
            }
            return erased;
        });
    }

    /**
     * Erases again who was erased before the database went back to an earlier state.
     *
     * @return how many of the erasures the database did not have
     */
    static Future<Integer> reapply(PostgresSession session, List<Erasure> erasures) {
        var digests = erasures.stream().map(e -> Buffer.buffer(e.idDigest())).toArray(Buffer[]::new);
        var times = erasures.stream().map(e -> Micros.toTime(e.time())).toArray(OffsetDateTime[]::new);
        return session.execute(LOST_AMONG, digests, times).compose(lost -> {
            if (lost.size() == 0) {
                return Future.succeededFuture(0);
            }
            var lostDigests = new ArrayList<Buffer>();
            var lostTimes = new ArrayList<OffsetDateTime>();
            lost.forEach(row -> {
                lostDigests.add(row.getBuffer(0));
                lostTimes.add(row.getOffsetDateTime(1));
            });
            var lostDigestArray = lostDigests.toArray(Buffer[]::new);
            var lostTimeArray = lostTimes.toArray(OffsetDateTime[]::new);
            return session.execute(RECORD_ERASURES, lostDigestArray, lostTimeArray)
                    .compose(_ -> session.execute(PATIENTS_OF, lostDigestArray, lostTimeArray))
                    .compose(patients -> removeAll(session, patients))
                    .map(lost.size());
        });
    }

    private static Future<?> removeAll(PostgresSession session, RowSet<Row> patients) {
        Future<?> done = Future.succeededFuture();
        for (var row : patients) {
            done = done.compose(_ -> remove(session, row.getString(0), Micros.of(row.getOffsetDateTime(1))));
        }
        return done;
    }

    private static Buffer digest(String id) {
        return Buffer.buffer(Erasure.digest(id));
    }
}
