package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.Layout.number;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The last line of a segment that is done.
 *
 * @param records in the segment
 * @param last number of the last record so far
 * @param span times of the segment's records
 */
record Seal(long segment, long records, long last, Span span, long timeUs, String digest, String signature) {

    static final String START = "{\"seal\":";

    static final byte[] PREFIX = START.getBytes(StandardCharsets.US_ASCII);

    private static final Layout LAYOUT =
            new Layout(START + "{\"segment\":#,\"records\":#,\"last\":#,\"from_us\":#,\"to_us\":#,\"time_us\":#"
                    + Layout.DIGEST + "@\"" + Layout.SIGNATURE + "!" + Layout.END);

    /** Up to where the digest begins. */
    static String prefix(long segment, long records, long last, Span span, long timeUs) {
        return START + "{\"segment\":" + segment + ",\"records\":" + records + ",\"last\":" + last + ",\"from_us\":"
                + span.from() + ",\"to_us\":" + span.to() + ",\"time_us\":" + timeUs;
    }

    static Optional<Seal> parse(String line) {
        return LAYOUT.parse(
                line,
                m -> new Seal(
                        number(m, 1),
                        number(m, 2),
                        number(m, 3),
                        new Span(number(m, 4), number(m, 5)),
                        number(m, 6),
                        m.group(7),
                        m.group(8)));
    }
}
