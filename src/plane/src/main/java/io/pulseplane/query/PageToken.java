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
 * Encodes a {@link ResumePosition} as text that is valid for one query only. A token has hashes in place of ids,
 * because it may end up in logs, where a patient's id must not be. It grants no access: the caller repeats the query
 * with it, and the gate checks that query as any other.
 *
 * <p>The text is base64url of: version (1 byte), hash of the query (8), time (8), hash of the series or 0 (8).
 */
final class PageToken {

    private static final byte VERSION = 1;
    private static final int LENGTH = 1 + 3 * Long.BYTES;

    private PageToken() {}

    static String encode(RangeQuery.Parameters parameters, ResumePosition position) {
        var bytes = ByteBuffer.allocate(LENGTH)
                .put(VERSION)
                .putLong(hash(parameters))
                .putLong(position.time())
                .putLong(position.series().map(PageToken::hash).orElse(0L));
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
    }

    static ResumePosition decode(RangeQuery.Parameters parameters, String token, List<Series> series) {
        var bytes = bytes(token);
        if (bytes.getLong() != hash(parameters)) {
            throw new PlaneException.InvalidArgument("page_token", "must come from a response to the same query");
        }
        long time = bytes.getLong();
        long hash = bytes.getLong();
        Optional<Series> last = series.stream()
                .filter(candidate -> hash != 0 && hash(candidate) == hash)
                .findFirst();
        return new ResumePosition(time, last);
    }

    private static ByteBuffer bytes(String token) {
        try {
            var bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(token));
            if (bytes.remaining() == LENGTH && bytes.get() == VERSION) {
                return bytes;
            }
        } catch (IllegalArgumentException _) {
            // Not base64url: reported below.
        }
        throw new PlaneException.InvalidArgument("page_token", "must be as a response gave it");
    }

    private static long hash(RangeQuery.Parameters parameters) {
        TimeRange range = parameters.range();
        Order order = parameters.order();
        return hash(parameters.selector().subject() + "\n"
                + new TreeSet<>(parameters.selector().codes()) + "\n" + range + order);
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
