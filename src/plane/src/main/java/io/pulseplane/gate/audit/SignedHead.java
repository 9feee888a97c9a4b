package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.LineFormat.number;

import java.util.Optional;

/**
 * A signed statement that the trail reaches at least up to this offset, where a group or a segment ends. The trail may
 * reach further.
 *
 * @param lastRecord number of the last record up to there
 * @param digest of the group or segment footer that ends there
 */
public record SignedHead(long segment, long offset, long lastRecord, String digest, long timeUs) {

    /** One sector of a disk, so that the head is overwritten whole or not at all. */
    static final int BYTES = 512;

    private static final LineFormat FORMAT =
            new LineFormat("{\"head\":{\"segment\":#,\"offset\":#,\"last\":#,\"digest\":\"@\",\"time_us\":#"
                    + LineFormat.SIGNATURE + "!" + LineFormat.END);

    /** The signed line, padded with blanks to {@link #BYTES}. */
    public String signedBy(SigningKey key) {
        var line = key.sign("{\"head\":{\"segment\":" + segment + ",\"offset\":" + offset + ",\"last\":" + lastRecord
                + ",\"digest\":\"" + digest + "\",\"time_us\":" + timeUs);
        return line.stripTrailing() + " ".repeat(BYTES - line.length()) + "\n";
    }

    /** Empty if the text is no head, or has no valid signature. */
    public static Optional<SignedHead> parse(String text, SignatureCheck key) {
        if (text.length() != BYTES || !text.endsWith("\n")) {
            return Optional.empty();
        }
        var line = text.stripTrailing() + "\n";
        var padding = text.substring(line.length() - 1, BYTES - 1);
        return FORMAT.parse(
                        line,
                        match -> new SignedHead(
                                number(match, 1), number(match, 2), number(match, 3), match.group(4), number(match, 5)))
                .filter(_ -> padding.chars().allMatch(c -> c == ' '))
                .filter(_ -> key.covers(line));
    }
}
