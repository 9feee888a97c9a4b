package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.LineFormat.number;

import java.util.Optional;
import java.util.regex.MatchResult;

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

    private static final String START = "{\"head\":";
    private static final String END = LineFormat.END.strip();

    private static final LineFormat FORMAT =
            new LineFormat("{\"head\":{\"segment\":#,\"offset\":#,\"last\":#,\"digest\":\"@\",\"time_us\":#"
                    + LineFormat.SIGNATURE + "!" + LineFormat.END);

    /** The signed line, padded with blanks to {@link #BYTES}. */
    public String signedBy(SigningKey key) {
        var line = key.sign("{\"head\":{\"segment\":" + segment + ",\"offset\":" + offset + ",\"last\":" + lastRecord
                + ",\"digest\":\"" + digest + "\",\"time_us\":" + timeUs);
        return line.stripTrailing() + " ".repeat(BYTES - line.length()) + "\n";
    }

    /**
     * Finds the head in a line that somebody kept, such as one of a log with a time before it. The signature is not
     * checked: whoever keeps the line vouches for it.
     */
    public static Optional<SignedHead> find(String line) {
        int start = line.indexOf(START);
        int end = line.indexOf(END, Math.max(start, 0));
        return start < 0 || end < 0
                ? Optional.empty()
                : FORMAT.parse(line.substring(start, end) + LineFormat.END, SignedHead::of);
    }

    private static SignedHead of(MatchResult match) {
        return new SignedHead(number(match, 1), number(match, 2), number(match, 3), match.group(4), number(match, 5));
    }

    /** Empty if the text is no head, or has no valid signature. */
    public static Optional<SignedHead> parse(String text, SignatureCheck key) {
        if (text.length() != BYTES || !text.endsWith("\n")) {
            return Optional.empty();
        }
        var line = text.stripTrailing() + "\n";
        var padding = text.substring(line.length() - 1, BYTES - 1);
        return FORMAT.parse(line, SignedHead::of)
                .filter(_ -> padding.chars().allMatch(c -> c == ' '))
                .filter(_ -> key.covers(line));
    }
}
