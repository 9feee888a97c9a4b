package io.pulseplane.store.postgres;

import io.pulseplane.vitals.PlaneException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HashSet;
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

    // Consents stay as evidence, under a random pseudonym.
    private static final String ANONYMISE_CONSENTS = """
            UPDATE consents SET patient_id = p.pseudonym
            FROM (SELECT 'erased ' || gen_random_uuid() AS pseudonym) p WHERE patient_id = $1""";

    private ErasureTable() {}

    static Future<Long> erase(PostgresSession session, String id, long time) {
        return session.execute(LOCK, id)
                .compose(rows -> rows.size() == 0 ? erasureTime(session, id) : remove(session, id, time));
    }

    private static Future<Long> erasureTime(PostgresSession session, String id) {
        return session.execute(ERASURE_TIME, digest(id))
                .map(rows -> RowMapping.first(rows, row -> Micros.of(row.getOffsetDateTime(0)))
                        .orElseThrow(() -> new PlaneException.NotFound("this patient is not registered")));
    }

    private static Future<Long> remove(PostgresSession session, String id, long time) {
        return session.execute(RECORD_ERASURE, digest(id), Micros.toTime(time))
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

    private static Buffer digest(String id) {
        try {
            return Buffer.buffer(MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }
}
