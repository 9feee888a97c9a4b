package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.LineFormat.number;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The line that ends a group. In the file it is called {@code chain}.
 *
 * @param records how many records the group has
 * @param lastRecord number of the last record up to here
 * @param bytes length of the group's lines, without the segment's header and without this line
 * @param times bounds of the times of the segment's records up to here
 */
public record GroupFooter(long records, long lastRecord, long bytes, TimeBounds times, String digest) {

    /** A group ends when it has this length, so that a reader can hold a group in memory. */
    public static final int GROUP_BYTES = 256 << 10;

    /** The greatest length of a group, with the header before it and the footer after it. */
    public static final int MAX_GROUP_BYTES = GROUP_BYTES + RecordLine.MAX_BYTES + 2 * LineFormat.MAX_BYTES;

    static final String START = "{\"chain\":";

    public static final byte[] PREFIX = START.getBytes(StandardCharsets.US_ASCII);

    private static final LineFormat FORMAT =
            new LineFormat(START + "{\"records\":#,\"last\":#,\"bytes\":#,\"from_us\":#,\"to_us\":#" + LineFormat.DIGEST
                    + "@" + LineFormat.END);

    /** The line up to the digest. */
    public static String prefix(long records, long lastRecord, long bytes, TimeBounds times) {
        return START + "{\"records\":" + records + ",\"last\":" + lastRecord + ",\"bytes\":" + bytes + ",\"from_us\":"
                + times.earliest() + ",\"to_us\":" + times.latest();
    }

    public static Optional<GroupFooter> parse(String line) {
        return FORMAT.parse(
                line,
                match -> new GroupFooter(
                        number(match, 1),
                        number(match, 2),
                        number(match, 3),
                        new TimeBounds(number(match, 4), number(match, 5)),
                        match.group(6)));
    }
}
