package io.pulseplane.gate.audit;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Goes through a segment group by group and holds each to the chain. Whether the segment is in its place, and whether its
 * seal is genuine, is for the caller to say.
 */
final class SegmentScanner implements Closeable {

    /** What comes next in a segment. After {@code TornTail}, {@code Mismatch} and {@code EndOfFile} nothing comes. */
    sealed interface Step {

        record HeaderRead(SegmentHeader header) implements Step {}

        /** @param end offset after it */
        record GroupRead(GroupFooter group, long end, long line) implements Step {}

        /** @param text the line, to check its signature */
        record FooterRead(SegmentFooter footer, String text, long end, long line) implements Step {}

        /** The file ends within a group. */
        record TornTail(long bytes, long line) implements Step {}

        /** What is there is not what was written. */
        record Mismatch(long line, long record, String expected, String found) implements Step {}

        record EndOfFile(long line) implements Step {}
    }

    private static final byte[] MARK_PREFIX = TrailMark.START.getBytes(StandardCharsets.US_ASCII);

    private final LineReader lines;
    private final HashChain chain;
    private boolean hasHeader;

    /** Number of the last record of the last complete group. */
    private long lastRecord;

    private long records;
    private long bytes;
    private long pendingBytes;

    private SegmentScanner(LineReader lines, String digest, long last, boolean begun) {
        this.lines = lines;
        this.chain = HashChain.from(digest);
        this.lastRecord = last;
        this.hasHeader = begun;
    }

    static SegmentScanner fromStart(Path segment) throws IOException {
        return new SegmentScanner(new LineReader(segment, 0, Long.MAX_VALUE), HashChain.GENESIS, 0, false);
    }

    static SegmentScanner after(Path segment, long offset, String digest, long last) throws IOException {
        return new SegmentScanner(new LineReader(segment, offset, Long.MAX_VALUE), digest, last, true);
    }

    Step next() throws IOException {
        while (lines.next()) {
            pendingBytes += lines.length();
            if (!lines.isComplete()) {
                return lines.isTooLong() ? mismatch("a line of the log", "a longer line") : tornTail();
            }
            if (!hasHeader) {
                return readHeader();
            }
            if (lines.startsWith(GroupFooter.PREFIX)) {
                return readGroupFooter();
            }
            if (lines.startsWith(SegmentFooter.PREFIX)) {
                return readFooter();
            }
            if (lines.startsWith(MARK_PREFIX)) {
                cover(lines.length());
            } else if (lines.startsWith(RecordLine.NUMBER_PREFIX)) {
                if (recordNumber() != lastRecord + records + 1) {
                    return mismatch("record " + (lastRecord + records + 1), "record " + recordNumber());
                }
                records++;
                cover(lines.length());
            } else {
                return mismatch("a line of the log", "something else");
            }
        }
        return pendingBytes > 0 || !hasHeader ? tornTail() : new Step.EndOfFile(lines.number());
    }

    private void cover(int length) {
        chain.update(lines.bytes(), lines.start(), length);
        bytes += length;
    }

    private Step readHeader() {
        var header = SegmentHeader.parse(lines.text());
        if (header.isEmpty()) {
            return mismatch("the header of a segment", "something else");
        }
        hasHeader = true;
        lastRecord = header.get().firstRecord() - 1;
        chain.restart(header.get().previousDigest());
        chain.update(lines.bytes(), lines.start(), lines.length());
        return new Step.HeaderRead(header.get());
    }

    private Step readGroupFooter() {
        var parsed = GroupFooter.parse(lines.text());
        if (parsed.isEmpty()) {
            return mismatch("the end of a group", "something else");
        }
        var group = parsed.get();
        var digest = digest(group.digest(), LineFormat.END.length());
        if (!digest.equals(group.digest())) {
            return mismatch("digest " + group.digest(), "digest " + digest);
        }
        if (group.records() != records || group.lastRecord() != lastRecord + records || group.bytes() != bytes) {
            return mismatch("a group of " + group.records() + " records", "one of " + records);
        }
        lastRecord = group.lastRecord();
        startGroup();
        return new Step.GroupRead(group, lines.offset() + lines.length(), lines.number());
    }

    private Step readFooter() {
        var parsed = SegmentFooter.parse(lines.text());
        if (parsed.isEmpty() || bytes > 0) {
            return mismatch(bytes > 0 ? "the end of a group" : "a seal", bytes > 0 ? "a seal" : "something else");
        }
        var seal = parsed.get();
        int rest = 1 + LineFormat.SIGNATURE.length() + seal.signature().length() + LineFormat.END.length();
        var digest = digest(seal.digest(), rest);
        if (!digest.equals(seal.digest())) {
            return mismatch("digest " + seal.digest(), "digest " + digest);
        }
        if (seal.lastRecord() != lastRecord) {
            return mismatch("a seal after record " + seal.lastRecord(), "one after record " + lastRecord);
        }
        startGroup();
        return new Step.FooterRead(seal, lines.text(), lines.offset() + lines.length(), lines.number());
    }

    /** The digest up to where the line gives it; what follows it in the line is this long. */
    private String digest(String given, int rest) {
        int covered = lines.length() - rest - given.length() - LineFormat.DIGEST.length();
        chain.update(lines.bytes(), lines.start(), covered);
        return chain.nextDigest();
    }

    private void startGroup() {
        records = 0;
        bytes = 0;
        pendingBytes = 0;
    }

    /** The number the line gives; 0 if it gives none. */
    private long recordNumber() {
        var bytes = lines.bytes();
        long number = 0;
        for (int i = lines.start() + RecordLine.NUMBER_PREFIX.length; bytes[i] >= '0' && bytes[i] <= '9'; i++) {
            number = number * 10 + bytes[i] - '0';
        }
        return number;
    }

    private Step tornTail() {
        return new Step.TornTail(pendingBytes, lines.number());
    }

    private Step mismatch(String expected, String found) {
        return new Step.Mismatch(lines.number(), lastRecord + records + 1, expected, found);
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
