package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.LineFormat.number;

import java.util.Optional;

/**
 * The first line of a segment. The digest of the first group covers it.
 *
 * @param firstRecord number of the first record
 * @param previousDigest digest at the end of the segment before
 */
record SegmentHeader(long segment, long firstRecord, long timeUs, String previousDigest) {

    static final int VERSION = 1;
    static final String START = "{\"audit\":";

    private static final LineFormat LAYOUT = new LineFormat(
            START + VERSION + ",\"segment\":#,\"first\":#,\"time_us\":#,\"node\":\"*\",\"previous\":\"@\"}\n");

    void write(JsonBuffer out, String node) {
        out.raw(START + VERSION + ",\"segment\":" + segment + ",\"first\":" + firstRecord + ",\"time_us\":" + timeUs
                + ",\"node\":\"");
        out.text(node);
        out.raw("\",\"previous\":\"" + previousDigest + "\"}\n");
    }

    static Optional<SegmentHeader> parse(String line) {
        return LAYOUT.parse(line, m -> new SegmentHeader(number(m, 1), number(m, 2), number(m, 3), m.group(5)));
    }
}
