package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.LineFormat.number;

import java.util.Optional;

/**
 * The signed word on which segments were removed because their time was over: all up to this one.
 *
 * @param lastRecord number of the last record removed
 * @param digest at the end of the last segment removed
 */
record RetiredSegments(long lastSegment, long lastRecord, String digest, long timeUs) {

    private static final LineFormat LAYOUT = new LineFormat("{\"retired\":{\"segment\":#,\"last\":#,\"digest\":\"@\""
            + ",\"time_us\":#" + LineFormat.SIGNATURE + "!" + LineFormat.END);

    String signedBy(SigningKey key) {
        return key.sign("{\"retired\":{\"segment\":" + lastSegment + ",\"last\":" + lastRecord + ",\"digest\":\""
                + digest + "\",\"time_us\":" + timeUs);
    }

    /** Empty if it is no such line, or not one that the key's owner signed. */
    static Optional<RetiredSegments> parse(String line, SignatureCheck key) {
        return LAYOUT.parse(line, m -> new RetiredSegments(number(m, 1), number(m, 2), m.group(3), number(m, 4)))
                .filter(_ -> key.covers(line));
    }
}
