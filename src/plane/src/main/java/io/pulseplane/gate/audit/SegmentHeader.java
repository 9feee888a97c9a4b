package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.LineFormat.number;

import java.util.Optional;
import java.util.regex.MatchResult;

/**
 * The first line of a segment. The digest of the first group covers it.
 *
 * @param firstRecord number of the segment's first record
 * @param timeUs when the segment was begun
 * @param previousDigest digest at the end of the segment before
 */
public record SegmentHeader(long segment, long firstRecord, long timeUs, String previousDigest) {

    /** Since version 2, records may have hashes of patients. */
    static final int VERSION = 2;

    static final String START = "{\"audit\":";

    private static final LineFormat FORMAT =
            new LineFormat(START + "#,\"segment\":#,\"first\":#,\"time_us\":#,\"node\":\"*\",\"previous\":\"@\"}\n");

    public void write(JsonBuffer out, String nodeId) {
        out.raw(START + VERSION + ",\"segment\":" + segment + ",\"first\":" + firstRecord + ",\"time_us\":" + timeUs
                + ",\"node\":\"");
        out.text(nodeId);
        out.raw("\",\"previous\":\"" + previousDigest + "\"}\n");
    }

    /** Empty if the line is no header, or of a version that this program does not know. */
    public static Optional<SegmentHeader> parse(String line) {
        return FORMAT.parse(line, SegmentHeader::of).flatMap(header -> header);
    }

    private static Optional<SegmentHeader> of(MatchResult match) {
        long version = number(match, 1);
        return version < 1 || version > VERSION
                ? Optional.empty()
                : Optional.of(new SegmentHeader(number(match, 2), number(match, 3), number(match, 4), match.group(6)));
    }
}
