package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.Layout.number;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The line after a group.
 *
 * @param records in the group
 * @param last number of the last record so far
 * @param bytes of the group's lines, without the segment's header and without this line
 * @param span times of the segment's records so far
 */
record GroupEnd(long records, long last, long bytes, Span span, String digest) {

    static final String START = "{\"chain\":";

    static final byte[] PREFIX = START.getBytes(StandardCharsets.US_ASCII);

    private static final Layout LAYOUT = new Layout(START
            + "{\"records\":#,\"last\":#,\"bytes\":#,\"from_us\":#,\"to_us\":#" + Layout.DIGEST + "@" + Layout.END);

    /** Up to where the digest begins. */
    static String prefix(long records, long last, long bytes, Span span) {
        return START + "{\"records\":" + records + ",\"last\":" + last + ",\"bytes\":" + bytes + ",\"from_us\":"
                + span.from() + ",\"to_us\":" + span.to();
    }

    static Optional<GroupEnd> parse(String line) {
        return LAYOUT.parse(
                line,
                m -> new GroupEnd(
                        number(m, 1), number(m, 2), number(m, 3), new Span(number(m, 4), number(m, 5)), m.group(6)));
    }
}
