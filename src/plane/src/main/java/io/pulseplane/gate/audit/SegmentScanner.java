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

    /** What comes next in a segment. After {@code Torn}, {@code Broken} and {@code Over} nothing comes. */
    sealed interface Step {

        record Begun(SegmentHeader header) implements Step {}

        /** @param end offset after it */
        record Grouped(GroupEnd group, long end, long line) implements Step {}

        /** @param text the line, to check its signature */
        record Sealed(Seal seal, String text, long end, long line) implements Step {}

        /** The file ends within a group. */
        record Torn(long bytes, long line) implements Step {}

        /** What is there is not what was written. */
        record Broken(long line, long record, String expected, String found) implements Step {}

        record Over(long line) implements Step {}
    }

    private static final byte[] MARK = Mark.START.getBytes(StandardCharsets.US_ASCII);

    private final LineReader lines;
    private final Chain chain;
    private boolean begun;

    /** Number of the last record of the last complete group. */
    private long last;

    private long records;
    private long bytes;
    private long pending;

    private SegmentScanner(LineReader lines, String digest, long last, boolean begun) {
        this.lines = lines;
        this.chain = Chain.after(digest);
        this.last = last;
        this.begun = begun;
    }

    static SegmentScanner fromStart(Path segment) throws IOException {
        return new SegmentScanner(new LineReader(segment, 0, Long.MAX_VALUE), Chain.GENESIS, 0, false);
    }

    static SegmentScanner after(Path segment, long offset, String digest, long last) throws IOException {
        return new SegmentScanner(new LineReader(segment, offset, Long.MAX_VALUE), digest, last, true);
    }

    Step next() throws IOException {
        while (lines.next()) {
            pending += lines.length();
            if (!lines.isComplete()) {
                return lines.isTooLong() ? broken("a line of the log", "a longer line") : torn();
            }
            if (!begun) {
                return begin();
            }
            if (lines.startsWith(GroupEnd.PREFIX)) {
                return endGroup();
            }
            if (lines.startsWith(Seal.PREFIX)) {
                return seal();
            }
            if (lines.startsWith(MARK)) {
                cover(lines.length());
            } else if (lines.startsWith(RecordLine.NUMBER)) {
                if (number() != last + records + 1) {
                    return broken("record " + (last + records + 1), "record " + number());
                }
                records++;
                cover(lines.length());
            } else {
                return broken("a line of the log", "something else");
            }
        }
        return pending > 0 || !begun ? torn() : new Step.Over(lines.number());
    }

    private void cover(int length) {
        chain.cover(lines.bytes(), lines.start(), length);
        bytes += length;
    }

    private Step begin() {
        var header = SegmentHeader.parse(lines.text());
        if (header.isEmpty()) {
            return broken("the header of a segment", "something else");
        }
        begun = true;
        last = header.get().first() - 1;
        chain.restart(header.get().previous());
        chain.cover(lines.bytes(), lines.start(), lines.length());
        return new Step.Begun(header.get());
    }

    private Step endGroup() {
        var parsed = GroupEnd.parse(lines.text());
        if (parsed.isEmpty()) {
            return broken("the end of a group", "something else");
        }
        var group = parsed.get();
        var digest = digest(group.digest(), Layout.END.length());
        if (!digest.equals(group.digest())) {
            return broken("digest " + group.digest(), "digest " + digest);
        }
        if (group.records() != records || group.last() != last + records || group.bytes() != bytes) {
            return broken("a group of " + group.records() + " records", "one of " + records);
        }
        last = group.last();
        restart();
        return new Step.Grouped(group, lines.offset() + lines.length(), lines.number());
    }

    private Step seal() {
        var parsed = Seal.parse(lines.text());
        if (parsed.isEmpty() || bytes > 0) {
            return broken(bytes > 0 ? "the end of a group" : "a seal", bytes > 0 ? "a seal" : "something else");
        }
        var seal = parsed.get();
        int rest = 1 + Layout.SIGNATURE.length() + seal.signature().length() + Layout.END.length();
        var digest = digest(seal.digest(), rest);
        if (!digest.equals(seal.digest())) {
            return broken("digest " + seal.digest(), "digest " + digest);
        }
        if (seal.last() != last) {
            return broken("a seal after record " + seal.last(), "one after record " + last);
        }
        restart();
        return new Step.Sealed(seal, lines.text(), lines.offset() + lines.length(), lines.number());
    }

    /** The digest up to where the line gives it; what follows it in the line is this long. */
    private String digest(String given, int rest) {
        int covered = lines.length() - rest - given.length() - Layout.DIGEST.length();
        chain.cover(lines.bytes(), lines.start(), covered);
        return chain.step();
    }

    private void restart() {
        records = 0;
        bytes = 0;
        pending = 0;
    }

    /** The number the line gives; 0 if it gives none. */
    private long number() {
        var bytes = lines.bytes();
        long number = 0;
        for (int i = lines.start() + RecordLine.NUMBER.length; bytes[i] >= '0' && bytes[i] <= '9'; i++) {
            number = number * 10 + bytes[i] - '0';
        }
        return number;
    }

    private Step torn() {
        return new Step.Torn(pending, lines.number());
    }

    private Step broken(String expected, String found) {
        return new Step.Broken(lines.number(), last + records + 1, expected, found);
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
