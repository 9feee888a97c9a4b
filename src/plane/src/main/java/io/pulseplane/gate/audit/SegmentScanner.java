package io.pulseplane.gate.audit;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Reads a segment group by group and checks each against the hash chain. The caller checks whether the segment
 * continues the one before it, and whether the signature of its footer is valid.
 */
public final class SegmentScanner implements Closeable {

    /** The next part of a segment. {@code TornTail}, {@code Mismatch} and {@code EndOfFile} are the last. */
    public sealed interface Step {

        record HeaderRead(SegmentHeader header) implements Step {}

        /** @param end offset after the group's footer */
        record GroupRead(GroupFooter group, long end, long line) implements Step {}

        /** @param text the line, so that the caller can check its signature */
        record FooterRead(SegmentFooter footer, String text, long end, long line) implements Step {}

        /** A mark about a part that no signature proved. */
        record UnprovenRead(TrailMark.Unproven mark, long line) implements Step {}

        /** The file ends within a group. */
        record TornTail(long bytes, long line) implements Step {}

        /** A line is not one that the node can have written there. */
        record Mismatch(long line, long record, String expected, String found) implements Step {}

        record EndOfFile(long line) implements Step {}
    }

    private static final byte[] MARK_PREFIX = TrailMark.START.getBytes(StandardCharsets.US_ASCII);

    private final LineReader lines;
    private final HashChain chain;
    private boolean headerRead;

    /** Number of the last record of the last complete group. */
    private long lastRecord;

    /** Records since the last complete group. */
    private long records;

    /** Bytes of records and marks since the last complete group. */
    private long bytes;

    /** Bytes of all lines since the last complete group, the segment's header included. */
    private long pendingBytes;

    private SegmentScanner(LineReader lines, String digest, long lastRecord, boolean headerRead) {
        this.lines = lines;
        this.chain = HashChain.from(digest);
        this.lastRecord = lastRecord;
        this.headerRead = headerRead;
    }

    public static SegmentScanner fromStart(Path segment) throws IOException {
        return new SegmentScanner(new LineReader(segment, 0, Long.MAX_VALUE), HashChain.GENESIS, 0, false);
    }

    /** Starts after a group of this digest and this last record, which ends at the offset. */
    public static SegmentScanner after(Path segment, long offset, String digest, long lastRecord) throws IOException {
        return new SegmentScanner(new LineReader(segment, offset, Long.MAX_VALUE), digest, lastRecord, true);
    }

    public Step next() throws IOException {
        while (lines.next()) {
            pendingBytes += lines.length();
            if (!lines.isComplete()) {
                return lines.isTooLong() ? mismatch("a line of the trail", "a longer line") : tornTail();
            }
            if (!headerRead) {
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
                var unproven = TrailMark.Unproven.parse(lines.text());
                if (unproven.isPresent()) {
                    return new Step.UnprovenRead(unproven.get(), lines.number());
                }
            } else if (lines.startsWith(RecordLine.NUMBER_PREFIX)) {
                if (recordNumber() != lastRecord + records + 1) {
                    return mismatch("record " + (lastRecord + records + 1), "record " + recordNumber());
                }
                records++;
                cover(lines.length());
            } else {
                return mismatch("a line of the trail", "something else");
            }
        }
        return pendingBytes > 0 || !headerRead ? tornTail() : new Step.EndOfFile(lines.number());
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
        headerRead = true;
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
        var footer = parsed.get();
        var digest = digest(footer.digest(), LineFormat.END.length());
        if (!digest.equals(footer.digest())) {
            return mismatch("digest " + footer.digest(), "digest " + digest);
        }
        if (footer.records() != records || footer.lastRecord() != lastRecord + records || footer.bytes() != bytes) {
            return mismatch("a group of " + footer.records() + " records", "one of " + records);
        }
        lastRecord = footer.lastRecord();
        startGroup();
        return new Step.GroupRead(footer, lines.offset() + lines.length(), lines.number());
    }

    private Step readFooter() {
        var parsed = SegmentFooter.parse(lines.text());
        if (parsed.isEmpty() || bytes > 0) {
            return mismatch(bytes > 0 ? "the end of a group" : "a seal", bytes > 0 ? "a seal" : "something else");
        }
        var footer = parsed.get();
        int suffixLength =
                1 + LineFormat.SIGNATURE.length() + footer.signature().length() + LineFormat.END.length();
        var digest = digest(footer.digest(), suffixLength);
        if (!digest.equals(footer.digest())) {
            return mismatch("digest " + footer.digest(), "digest " + digest);
        }
        if (footer.lastRecord() != lastRecord) {
            return mismatch("a seal after record " + footer.lastRecord(), "one after record " + lastRecord);
        }
        startGroup();
        return new Step.FooterRead(footer, lines.text(), lines.offset() + lines.length(), lines.number());
    }

    /**
     * Computes the digest that the current line should have.
     *
     * @param suffixLength length of the line after its digest
     */
    private String digest(String lineDigest, int suffixLength) {
        int covered = lines.length() - suffixLength - lineDigest.length() - LineFormat.DIGEST.length();
        chain.update(lines.bytes(), lines.start(), covered);
        return chain.nextDigest();
    }

    private void startGroup() {
        records = 0;
        bytes = 0;
        pendingBytes = 0;
    }

    /** The record's number in the current line; 0 if it has none. */
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
