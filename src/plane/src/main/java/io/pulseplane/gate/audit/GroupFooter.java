package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.LineFormat.number;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The line after a group.
 *
 * @param records in the group
 * @param lastRecord number of the last record so far
 * @param bytes of the group's lines, without the segment's header and without this line
 * @param times times of the segment's records so far
 */
record GroupFooter(long records, long lastRecord, long bytes, TimeBounds times, String digest) {

    static final String START = "{\"chain\":";

    static final byte[] PREFIX = START.getBytes(StandardCharsets.US_ASCII);

    private static final LineFormat LAYOUT =
            new LineFormat(START + "{\"records\":#,\"last\":#,\"bytes\":#,\"from_us\":#,\"to_us\":#" + LineFormat.DIGEST
                    + "@" + LineFormat.END);

    /** Up to where the digest begins. */
    static String prefix(long records, long last, long bytes, TimeBounds span) {
        return START + "{\"records\":" + records + ",\"last\":" + last + ",\"bytes\":" + bytes + ",\"from_us\":"
                + span.earliest() + ",\"to_us\":" + span.latest();
    }

    static Optional<GroupFooter> parse(String line) {
        return LAYOUT.parse(
                line,
                m -> new GroupFooter(
                        number(m, 1),
                        number(m, 2),
                        number(m, 3),
                        new TimeBounds(number(m, 4), number(m, 5)),
                        m.group(6)));
    }
}
