package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.LineFormat.number;

import java.util.Optional;

/**
 * The signed word on how far the log reaches: after the group or seal that ends at this offset. It may lag behind the
 * log and never runs ahead of it.
 *
 * @param lastRecord number of the last record so far
 */
record SignedHead(long segment, long offset, long lastRecord, String digest, long timeUs) {

    /** One sector, so that it is overwritten whole or not at all. */
    static final int BYTES = 512;

    private static final LineFormat LAYOUT =
            new LineFormat("{\"head\":{\"segment\":#,\"offset\":#,\"last\":#,\"digest\":\"@\"" + ",\"time_us\":#"
                    + LineFormat.SIGNATURE + "!" + LineFormat.END);

    /** Padded with blanks to its full size. */
    String signedBy(SigningKey key) {
        var line = key.sign("{\"head\":{\"segment\":" + segment + ",\"offset\":" + offset + ",\"last\":" + lastRecord
                + ",\"digest\":\"" + digest + "\",\"time_us\":" + timeUs);
        return line.stripTrailing() + " ".repeat(BYTES - line.length()) + "\n";
    }

    /** Empty if it is no head, or not one that the key's owner signed. */
    static Optional<SignedHead> parse(String text, SignatureCheck key) {
        if (text.length() != BYTES || !text.endsWith("\n")) {
            return Optional.empty();
        }
        var line = text.stripTrailing() + "\n";
        var padding = text.substring(line.length() - 1, BYTES - 1);
        return LAYOUT.parse(
                        line, m -> new SignedHead(number(m, 1), number(m, 2), number(m, 3), m.group(4), number(m, 5)))
                .filter(_ -> padding.chars().allMatch(c -> c == ' '))
                .filter(_ -> key.covers(line));
    }
}
