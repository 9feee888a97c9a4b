package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.Layout.number;

import java.util.Optional;

/**
 * The signed word on which segments were removed because their time was over: all up to this one.
 *
 * @param last number of the last record removed
 * @param digest at the end of the last segment removed
 */
record Retired(long segment, long last, String digest, long timeUs) {

    private static final Layout LAYOUT = new Layout("{\"retired\":{\"segment\":#,\"last\":#,\"digest\":\"@\""
            + ",\"time_us\":#" + Layout.SIGNATURE + "!" + Layout.END);

    String signedBy(NodeKey key) {
        return key.sign("{\"retired\":{\"segment\":" + segment + ",\"last\":" + last + ",\"digest\":\"" + digest
                + "\",\"time_us\":" + timeUs);
    }

    /** Empty if it is no such line, or not one that the key's owner signed. */
    static Optional<Retired> parse(String line, SignatureCheck key) {
        return LAYOUT.parse(line, m -> new Retired(number(m, 1), number(m, 2), m.group(3), number(m, 4)))
                .filter(_ -> key.covers(line));
    }
}
