package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.LineFormat.number;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The last line of a segment that is done.
 *
 * @param records in the segment
 * @param lastRecord number of the last record so far
 * @param times times of the segment's records
 */
record SegmentFooter(
        long segment, long records, long lastRecord, TimeBounds times, long timeUs, String digest, String signature) {

    static final String START = "{\"seal\":";

    static final byte[] PREFIX = START.getBytes(StandardCharsets.US_ASCII);

    private static final LineFormat LAYOUT =
            new LineFormat(START + "{\"segment\":#,\"records\":#,\"last\":#,\"from_us\":#,\"to_us\":#,\"time_us\":#"
                    + LineFormat.DIGEST + "@\"" + LineFormat.SIGNATURE + "!" + LineFormat.END);

    /** Up to where the digest begins. */
    static String prefix(long segment, long records, long last, TimeBounds span, long timeUs) {
        return START + "{\"segment\":" + segment + ",\"records\":" + records + ",\"last\":" + last + ",\"from_us\":"
                + span.earliest() + ",\"to_us\":" + span.latest() + ",\"time_us\":" + timeUs;
    }

    static Optional<SegmentFooter> parse(String line) {
        return LAYOUT.parse(
                line,
                m -> new SegmentFooter(
                        number(m, 1),
                        number(m, 2),
                        number(m, 3),
                        new TimeBounds(number(m, 4), number(m, 5)),
                        number(m, 6),
                        m.group(7),
                        m.group(8)));
    }
}
