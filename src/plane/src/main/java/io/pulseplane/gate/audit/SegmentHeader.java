package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.Layout.number;

import java.util.Optional;

/**
 * The first line of a segment. The digest of the first group covers it.
 *
 * @param first number of the first record
 * @param previous digest at the end of the segment before
 */
record SegmentHeader(long segment, long first, long timeUs, String previous) {

    static final int VERSION = 1;
    static final String START = "{\"audit\":";

    private static final Layout LAYOUT = new Layout(
            START + VERSION + ",\"segment\":#,\"first\":#,\"time_us\":#,\"node\":\"*\",\"previous\":\"@\"}\n");

    void write(JsonBuffer out, String node) {
        out.raw(START + VERSION + ",\"segment\":" + segment + ",\"first\":" + first + ",\"time_us\":" + timeUs
                + ",\"node\":\"");
        out.text(node);
        out.raw("\",\"previous\":\"" + previous + "\"}\n");
    }

    static Optional<SegmentHeader> parse(String line) {
        return LAYOUT.parse(line, m -> new SegmentHeader(number(m, 1), number(m, 2), number(m, 3), m.group(5)));
    }
}
