package io.pulseplane.query;

import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * A {@link ResumePosition} as text, tied to the question it came from. Holds hashes instead of ids: a token is handed around
 * and written into logs, a patient is not. It grants nothing: the question has to be asked again with it, and allowed.
 *
 * <p>Bytes, in base64url: version (1), hash of the question (8), time (8), hash of the series or 0 (8).
 */
final class PageToken {

    private static final byte VERSION = 1;
    private static final int LENGTH = 1 + 3 * Long.BYTES;

    private PageToken() {}

    static String encode(RangeQuery.Parameters range, ResumePosition position) {
        var bytes = ByteBuffer.allocate(LENGTH)
                .put(VERSION)
                .putLong(hash(range))
                .putLong(position.time())
                .putLong(position.series().map(PageToken::hash).orElse(0L));
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
    }

    static ResumePosition decode(RangeQuery.Parameters range, String token, List<Series> series) {
        var bytes = bytes(token);
        if (bytes.getLong() != hash(range)) {
            throw new PlaneException.InvalidArgument("page_token", "must come from a response to this same question");
        }
        long time = bytes.getLong();
        long hash = bytes.getLong();
        Optional<Series> last =
                series.stream().filter(s -> hash != 0 && hash(s) == hash).findFirst();
        return new ResumePosition(time, last);
    }

    private static ByteBuffer bytes(String token) {
        try {
            var bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(token));
            if (bytes.remaining() == LENGTH && bytes.get() == VERSION) {
                return bytes;
            }
        } catch (IllegalArgumentException _) {
            // Not base64url; said below.
        }
        throw new PlaneException.InvalidArgument("page_token", "must be as a response gave it");
    }

    private static long hash(RangeQuery.Parameters range) {
        TimeRange times = range.range();
        Order order = range.order();
        return hash(range.selector().subject() + "\n"
                + new TreeSet<>(range.selector().codes()) + "\n" + times + order);
    }

    private static long hash(Series series) {
        return hash(series.toString());
    }

    private static long hash(String text) {
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(digest).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
