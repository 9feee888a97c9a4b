package io.pulseplane.store.postgres;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.RejectionCodec;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.ScreenedBatch;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Reads and writes the table {@code batches}, which holds the acknowledgement of every stored batch. */
final class BatchTable {

    private static final String FIND_ACKNOWLEDGED = """
            SELECT b.device, b.sequence, b.digest, b.keyed, b.accepted, b.duplicates, b.rejections
            FROM unnest($1::text[], $2::bigint[]) AS k(device, sequence)
            JOIN batches b ON b.device = k.device AND b.sequence = k.sequence""";

    private static final String ADD = """
            INSERT INTO batches (device, sequence, digest, accepted, duplicates, rejections, stored_at, keyed)
            SELECT *, $7, true
            FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::integer[], $5::integer[], $6::bytea[])""";

    private static final String REPLACE = """
            UPDATE batches b SET accepted = n.accepted, duplicates = n.duplicates, rejections = n.rejections
            FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::integer[], $5::integer[], $6::bytea[])
              AS n(device, sequence, digest, accepted, duplicates, rejections)
            WHERE b.device = n.device AND b.sequence = n.sequence AND b.digest = n.digest""";

    // The digest becomes one that no batch has.
    private static final String FORGET_UNKEYED = """
            UPDATE batches SET keyed = true, digest = hashtextextended(gen_random_uuid()::text, 0)
            WHERE device = ANY($1::text[]) AND NOT keyed""";

    private BatchTable() {}

    /** Identifies a batch. */
    record BatchKey(String device, long sequence) {

        static BatchKey of(ScreenedBatch batch) {
            return new BatchKey(batch.device(), batch.sequence());
        }
    }

    /**
     * The key of the digests of a patient's batches. It is random, lies in the row of the patient, and is gone with it:
     * what is left of a batch of an erased patient is that the device has used the sequence.
     */
    static final class ReceiptKey {

        private static final String ALGORITHM = "HmacSHA256";

        private final SecretKeySpec key;

        ReceiptKey(byte[] bytes) {
            key = new SecretKeySpec(bytes, ALGORITHM);
        }

        /** The first 8 bytes of the HMAC-SHA-256 of the digest of the batch. */
        long digest(ScreenedBatch batch) {
            try {
                var mac = Mac.getInstance(ALGORITHM);
                mac.init(key);
                mac.update(ByteBuffer.allocate(Long.BYTES).putLong(0, batch.digest()));
                return ByteBuffer.wrap(mac.doFinal()).getLong();
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("this Java has no HMAC-SHA-256", e);
            }
        }
    }

    /**
     * Digest and acknowledgement of a stored batch.
     *
     * @param keyed whether the digest is keyed by the patient; those of earlier versions are not
     */
    record AcknowledgedBatch(long digest, boolean keyed, Acknowledgement acknowledgement) {

        static AcknowledgedBatch of(ScreenedBatch batch, ReceiptKey key, Acknowledgement acknowledgement) {
            return new AcknowledgedBatch(key.digest(batch), true, acknowledgement);
        }

        AcknowledgedBatch with(Acknowledgement other) {
            return new AcknowledgedBatch(digest, keyed, other);
        }

        /** @param key of the patient whom the other batch names */
        private boolean isSame(ScreenedBatch batch, ReceiptKey key) {
            return digest == (keyed ? key.digest(batch) : batch.digest());
        }

        /** Whether this batch is the same, and has readings to store that were from the future when it first came. */
        boolean isOutdatedBy(ScreenedBatch batch, ReceiptKey key) {
            return isSame(batch, key) && acknowledgement.isOutdatedBy(batch);
        }

        /** The receipt for another batch of the same sequence. */
        AppendResult receiptFor(ScreenedBatch batch, ReceiptKey key) {
            return isSame(batch, key)
                    ? new AppendResult.Repeated(acknowledgement)
                    : new AppendResult.SequenceConflict();
        }
    }

    static Future<Map<BatchKey, AcknowledgedBatch>> findAcknowledged(
            PostgresSession session, Collection<ScreenedBatch> batches) {
        return session.execute(
                        FIND_ACKNOWLEDGED,
                        batches.stream().map(ScreenedBatch::device).toArray(String[]::new),
                        batches.stream().map(ScreenedBatch::sequence).toArray(Long[]::new))
                .map(rows -> {
                    var acknowledged = HashMap.<BatchKey, AcknowledgedBatch>newHashMap(rows.size());
                    for (var row : rows) {
                        var key = new BatchKey(row.getString(0), row.getLong(1));
                        var acknowledgement = new Acknowledgement(
                                key.device(),
                                key.sequence(),
                                row.getInteger(4),
                                row.getInteger(5),
                                RejectionCodec.decode(row.getBuffer(6).getBytes()));
                        acknowledged.put(
                                key, new AcknowledgedBatch(row.getLong(2), row.getBoolean(3), acknowledgement));
                    }
                    return acknowledged;
                });
    }

    static Future<?> add(PostgresSession session, Collection<AcknowledgedBatch> batches, long time) {
        var columns = columns(batches);
        columns.add(Micros.toTime(time));
        return session.execute(ADD, columns.toArray());
    }

    /** Replaces the answers to batches that are stored. */
    static Future<?> replace(PostgresSession session, Collection<AcknowledgedBatch> batches) {
        return session.execute(REPLACE, columns(batches).toArray());
    }

    /** Forgets the digests of batches of these devices that are not keyed by a patient. */
    static Future<?> forgetUnkeyed(PostgresSession session, Collection<String> devices) {
        return session.execute(FORGET_UNKEYED, (Object) devices.toArray(String[]::new));
    }

    private static List<Object> columns(Collection<AcknowledgedBatch> batches) {
        var acknowledgements =
                batches.stream().map(AcknowledgedBatch::acknowledgement).toList();
        return new ArrayList<>(List.of(
                column(acknowledgements, Acknowledgement::device).toArray(String[]::new),
                column(acknowledgements, Acknowledgement::sequence).toArray(Long[]::new),
                batches.stream().map(AcknowledgedBatch::digest).toArray(Long[]::new),
                column(acknowledgements, Acknowledgement::accepted).toArray(Integer[]::new),
                column(acknowledgements, Acknowledgement::duplicates).toArray(Integer[]::new),
                column(acknowledgements, a -> Buffer.buffer(RejectionCodec.encode(a.rejections())))
                        .toArray(Buffer[]::new)));
    }

    private static <T> List<T> column(List<Acknowledgement> acknowledgements, Function<Acknowledgement, T> part) {
        return acknowledgements.stream().map(part).toList();
    }
}
