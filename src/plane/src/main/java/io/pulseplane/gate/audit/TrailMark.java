package io.pulseplane.gate.audit;

import static io.pulseplane.gate.audit.LineFormat.number;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** A line about the trail itself: it was interrupted or resumed. A mark is no record, but the digests cover it too. */
public sealed interface TrailMark {

    String START = "{\"mark\":";

    String line();

    /**
     * The trail could not be written for a while.
     *
     * @param refusedRecords how many records the trail refused meanwhile; their calls were refused
     */
    record Interruption(long fromUs, long toUs, long refusedRecords) implements TrailMark {
        @Override
        public String line() {
            return START + "\"interrupted\",\"from_us\":" + fromUs + ",\"to_us\":" + toUs + ",\"refused\":"
                    + refusedRecords + "}\n";
        }
    }

    /**
     * Complete groups followed the last signed end of the trail when it was opened. Nothing proves that this node wrote
     * them, so they were moved into a file of their own.
     *
     * @param segment of the last signed end
     * @param offset of the last signed end
     * @param part numbers the files of one signed end, from 1
     * @param records how many records the file has
     * @param bytes length of the file
     * @param digest SHA-256 of the file
     */
    record Unproven(long timeUs, long segment, long offset, int part, long records, long bytes, String digest)
            implements TrailMark {

        private static final LineFormat FORMAT = new LineFormat(START
                + "\"unproven\",\"time_us\":#,\"segment\":#,\"offset\":#,\"part\":#,"
                + "\"records\":#,\"bytes\":#,\"digest\":\"@\"}\n");

        /** Describes a file that is there. */
        public static Unproven of(AuditDirectory directory, long timeUs, long segment, long offset, int part)
                throws IOException {
            var file = directory.unprovenFile(segment, offset, part);
            long records = 0;
            long bytes = 0;
            var chain = HashChain.ofFile();
            try (var lines = new LineReader(file, 0, Long.MAX_VALUE)) {
                while (lines.next()) {
                    chain.update(lines.bytes(), lines.start(), lines.length());
                    bytes += lines.length();
                    records += lines.startsWith(RecordLine.NUMBER_PREFIX) ? 1 : 0;
                }
            }
            return new Unproven(timeUs, segment, offset, part, records, bytes, chain.nextDigest());
        }

        /** Empty if the line is no such mark. */
        static Optional<Unproven> parse(String line) {
            return FORMAT.parse(
                    line,
                    match -> new Unproven(
                            number(match, 1),
                            number(match, 2),
                            number(match, 3),
                            (int) number(match, 4),
                            number(match, 5),
                            number(match, 6),
                            match.group(7)));
        }

        public Path file(AuditDirectory directory) {
            return directory.unprovenFile(segment, offset, part);
        }

        @Override
        public String line() {
            return START + "\"unproven\",\"time_us\":" + timeUs + ",\"segment\":" + segment + ",\"offset\":" + offset
                    + ",\"part\":" + part + ",\"records\":" + records + ",\"bytes\":" + bytes + ",\"digest\":\""
                    + digest
                    + "\"}\n";
        }
    }

    /**
     * The trail was opened, and had not been closed before.
     *
     * @param lastSignedRecord number of the last record that the head covered
     * @param lastFoundRecord number of the last record in a complete group
     * @param droppedBytes how many bytes of an incomplete group were cut off after it
     */
    record Resumption(long timeUs, long lastSignedRecord, long lastFoundRecord, long droppedBytes)
            implements TrailMark {
        @Override
        public String line() {
            return START + "\"resumed\",\"time_us\":" + timeUs + ",\"signed\":" + lastSignedRecord + ",\"found\":"
                    + lastFoundRecord + ",\"dropped_bytes\":" + droppedBytes + "}\n";
        }
    }
}
