package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.LineFormat.number;

import java.util.Optional;

/**
 * A signed statement that all segments up to this one were removed because they were older than the retention.
 *
 * @param lastRecord number of the last removed record
 * @param digest at the end of the last removed segment
 */
public record RetiredSegments(long lastSegment, long lastRecord, String digest, long timeUs) {

    private static final LineFormat FORMAT = new LineFormat("{\"retired\":{\"segment\":#,\"last\":#,\"digest\":\"@\""
            + ",\"time_us\":#" + LineFormat.SIGNATURE + "!" + LineFormat.END);

    public String signedBy(SigningKey key) {
        return key.sign("{\"retired\":{\"segment\":" + lastSegment + ",\"last\":" + lastRecord + ",\"digest\":\""
                + digest + "\",\"time_us\":" + timeUs);
    }

    /** Empty if the line is no such statement, or has no valid signature. */
    public static Optional<RetiredSegments> parse(String line, SignatureCheck key) {
        return FORMAT.parse(
                        line,
                        match -> new RetiredSegments(
                                number(match, 1), number(match, 2), match.group(3), number(match, 4)))
                .filter(_ -> key.covers(line));
    }
}
