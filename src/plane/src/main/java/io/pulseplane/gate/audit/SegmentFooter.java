package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.LineFormat.number;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The last line of a finished segment, signed. In the file it is called {@code seal}.
 *
 * @param records how many records the segment has
 * @param lastRecord number of the segment's last record
 * @param times bounds of the times of the segment's records
 * @param timeUs when the segment was sealed
 */
public record SegmentFooter(
        long segment, long records, long lastRecord, TimeBounds times, long timeUs, String digest, String signature) {

    public static final String START = "{\"seal\":";

    public static final byte[] PREFIX = START.getBytes(StandardCharsets.US_ASCII);

    private static final LineFormat FORMAT =
            new LineFormat(START + "{\"segment\":#,\"records\":#,\"last\":#,\"from_us\":#,\"to_us\":#,\"time_us\":#"
                    + LineFormat.DIGEST + "@\"" + LineFormat.SIGNATURE + "!" + LineFormat.END);

    /** The line up to the digest. */
    public static String prefix(long segment, long records, long lastRecord, TimeBounds times, long timeUs) {
        return START + "{\"segment\":" + segment + ",\"records\":" + records + ",\"last\":" + lastRecord
                + ",\"from_us\":" + times.earliest() + ",\"to_us\":" + times.latest() + ",\"time_us\":" + timeUs;
    }

    public static Optional<SegmentFooter> parse(String line) {
        return FORMAT.parse(
                line,
                match -> new SegmentFooter(
                        number(match, 1),
                        number(match, 2),
                        number(match, 3),
                        new TimeBounds(number(match, 4), number(match, 5)),
                        number(match, 6),
                        match.group(7),
                        match.group(8)));
    }
}
