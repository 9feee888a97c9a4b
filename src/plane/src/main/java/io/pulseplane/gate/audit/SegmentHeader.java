package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.LineFormat.number;

import java.util.Optional;

/**
 * The first line of a segment. The digest of the first group covers it.
 *
 * @param firstRecord number of the segment's first record
 * @param timeUs when the segment was begun
 * @param previousDigest digest at the end of the segment before
 */
public record SegmentHeader(long segment, long firstRecord, long timeUs, String previousDigest) {

    static final int VERSION = 1;
    static final String START = "{\"audit\":";

    private static final LineFormat FORMAT = new LineFormat(
            START + VERSION + ",\"segment\":#,\"first\":#,\"time_us\":#,\"node\":\"*\",\"previous\":\"@\"}\n");

    public void write(JsonBuffer out, String nodeId) {
        out.raw(START + VERSION + ",\"segment\":" + segment + ",\"first\":" + firstRecord + ",\"time_us\":" + timeUs
                + ",\"node\":\"");
        out.text(nodeId);
        out.raw("\",\"previous\":\"" + previousDigest + "\"}\n");
    }

    public static Optional<SegmentHeader> parse(String line) {
        return FORMAT.parse(
                line, match -> new SegmentHeader(number(match, 1), number(match, 2), number(match, 3), match.group(5)));
    }
}
