package io.pulseplane.gate.audit.verifying;

import io.pulseplane.gate.audit.GroupFooter;
import io.pulseplane.gate.audit.SegmentFooter;
import io.pulseplane.gate.audit.SegmentHeader;
import io.pulseplane.gate.audit.SegmentScanner;
import io.pulseplane.gate.audit.SegmentScanner.Step;
import io.pulseplane.gate.audit.SignatureCheck;
import io.pulseplane.gate.audit.SignedHead;
import io.pulseplane.gate.audit.TimeBounds;
import io.pulseplane.gate.audit.TrailEnd;
import io.pulseplane.gate.audit.TrailMark;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** Checks one segment: against its file name, the segment before it, the head, and its footer. */
final class SegmentCheck {

    private final long segment;
    private final String file;
    private final SignatureCheck key;
    private final Optional<TrailEnd> previousEnd;
    private final Optional<SignedHead> head;
    private final boolean mayBeOpen;

    /** Anchors in this segment that the check has not reached, in their order. */
    private final Deque<SignedHead> anchors;

    private TrailEnd position;
    private boolean headReached;
    private final List<TrailMark.Unproven> unproven = new ArrayList<>();
    private long tornBytes;
    private long tornLine;
    private boolean broken;

    /**
     * @param file the file name
     * @param previousEnd the end of the segment before; empty if that one is broken
     * @param head the head if it points into this segment; empty otherwise
     * @param anchors those that point into this segment, in their order
     * @param mayBeOpen whether the segment may end without a footer, because it is the newest
     */
    SegmentCheck(
            long segment,
            String file,
            SignatureCheck key,
            Optional<TrailEnd> previousEnd,
            Optional<SignedHead> head,
            boolean mayBeOpen,
            List<SignedHead> anchors) {
        this.segment = segment;
        this.file = file;
        this.key = key;
        this.previousEnd = previousEnd;
        this.head = head;
        this.mayBeOpen = mayBeOpen;
        this.anchors = new ArrayDeque<>(anchors);
        this.headReached = head.isEmpty();
    }

    /** Reads the segment up to the first finding, or to its end. */
    Optional<Finding> run(SegmentScanner scanner) throws IOException {
        var finding = Optional.<Finding>empty();
        Step step;
        do {
            step = scanner.next();
            finding = switch (step) {
                case Step.HeaderRead(var header) -> checkHeader(header);
                case Step.GroupRead(var group, var end, var line) -> checkGroup(group, end, line);
                case Step.FooterRead(var footer, var text, var end, var line) -> checkFooter(footer, text, end, line);
                case Step.UnprovenRead(var mark, var _) -> {
                    unproven.add(mark);
                    yield Optional.empty();
                }
                case Step.TornTail(var bytes, var line) -> checkTornTail(bytes, line);
                case Step.Mismatch mismatch -> Optional.of(altered(mismatch));
                case Step.EndOfFile(var line) -> checkEnd(line);
            };
        } while (finding.isEmpty() && !(step instanceof Step.TornTail) && !(step instanceof Step.EndOfFile));
        broken = finding.isPresent();
        return finding;
    }

    private Optional<Finding> checkHeader(SegmentHeader header) {
        position = new TrailEnd(
                segment,
                header.firstRecord(),
                header.timeUs(),
                0,
                header.firstRecord() - 1,
                TimeBounds.NONE,
                header.previousDigest(),
                false);
        if (header.segment() != segment) {
            return misplaced("segment " + segment, "segment " + header.segment());
        }
        if (previousEnd.isPresent() && !previousEnd.get().digest().equals(header.previousDigest())) {
            return misplaced(
                    "a segment after digest " + previousEnd.get().digest(), "one after " + header.previousDigest());
        }
        if (previousEnd.isPresent() && previousEnd.get().lastRecord() + 1 != header.firstRecord()) {
            return misplaced("record " + (previousEnd.get().lastRecord() + 1), "record " + header.firstRecord());
        }
        return Optional.empty();
    }

    private Optional<Finding> misplaced(String expected, String found) {
        return Optional.of(new Finding.Misplaced(file, 1, position.firstRecord(), expected, found));
    }

    private Optional<Finding> checkGroup(GroupFooter group, long end, long line) {
        if (position.isSealed()) {
            return Optional.of(
                    new Finding.Altered(file, line, position.lastRecord(), "nothing after the seal", "a group"));
        }
        position = position.after(group, end);
        return checkAgainstHead(line);
    }

    private Optional<Finding> checkFooter(SegmentFooter footer, String text, long end, long line) {
        if (position.isSealed()) {
            return Optional.of(
                    new Finding.Altered(file, line, position.lastRecord(), "nothing after the seal", "a seal"));
        }
        if (!key.covers(text)) {
            return Optional.of(
                    new Finding.Forged(file, line, position.lastRecord(), "a seal that this key signed", "another"));
        }
        if (footer.segment() != segment || footer.records() != position.records()) {
            return Optional.of(new Finding.Altered(
                    file,
                    line,
                    position.lastRecord(),
                    "the seal of segment " + segment + " with " + position.records() + " records",
                    "that of segment " + footer.segment() + " with " + footer.records()));
        }
        position = position.after(footer, end);
        return checkAgainstHead(line);
    }

    /** At the head's offset, the trail must have the head's digest and last record. */
    private Optional<Finding> checkAgainstHead(long line) {
        while (!anchors.isEmpty() && anchors.peek().offset() <= position.offset()) {
            var anchor = anchors.poll();
            if (!isAt(anchor)) {
                return Optional.of(new Finding.Unanchored(
                        file,
                        line,
                        position.lastRecord(),
                        "record " + anchor.lastRecord() + " with digest " + anchor.digest() + " as it was anchored",
                        "record " + position.lastRecord() + " with digest " + position.digest()));
            }
        }
        if (headReached || position.offset() < head.orElseThrow().offset()) {
            return Optional.empty();
        }
        headReached = true;
        var expected = head.orElseThrow();
        if (isAt(expected)) {
            return Optional.empty();
        }
        return Optional.of(new Finding.Altered(
                file,
                line,
                position.lastRecord(),
                "digest " + expected.digest() + " as the head says",
                "digest " + position.digest()));
    }

    private boolean isAt(SignedHead expected) {
        return position.offset() == expected.offset()
                && position.digest().equals(expected.digest())
                && position.lastRecord() == expected.lastRecord();
    }

    private Optional<Finding> checkTornTail(long bytes, long line) {
        tornBytes = bytes;
        tornLine = line;
        if (position != null && position.isSealed()) {
            return Optional.of(
                    new Finding.Altered(file, line, position.lastRecord(), "nothing after the seal", "part of a line"));
        }
        return checkEarlyEnd(line, "part of a group");
    }

    private Optional<Finding> checkEnd(long line) {
        return position.isSealed() ? checkHeadReached(line, "a seal") : checkEarlyEnd(line, "the end of the file");
    }

    private Optional<Finding> checkEarlyEnd(long line, String found) {
        return mayBeOpen
                ? checkHeadReached(line, found)
                : Optional.of(new Finding.Truncated(file, line, lastRecord(), "a seal", found));
    }

    private Optional<Finding> checkHeadReached(long line, String found) {
        if (headReached && !anchors.isEmpty()) {
            return Optional.of(new Finding.Unanchored(
                    file,
                    line,
                    lastRecord(),
                    "record " + anchors.getFirst().lastRecord() + " as it was anchored",
                    found));
        }
        return headReached
                ? Optional.empty()
                : Optional.of(new Finding.Truncated(
                        file,
                        line,
                        lastRecord(),
                        "record " + head.orElseThrow().lastRecord() + " as the head says",
                        found));
    }

    private Finding altered(Step.Mismatch mismatch) {
        return new Finding.Altered(file, mismatch.line(), mismatch.record(), mismatch.expected(), mismatch.found());
    }

    private long lastRecord() {
        return position == null ? 0 : position.lastRecord();
    }

    /** The end of the trail after this segment; empty if the segment has a finding. */
    Optional<TrailEnd> end() {
        if (broken) {
            return Optional.empty();
        }
        return position == null ? previousEnd : Optional.of(position);
    }

    long records() {
        return position == null ? 0 : position.records();
    }

    List<TrailMark.Unproven> unproven() {
        return unproven;
    }

    long tornBytes() {
        return tornBytes;
    }

    /** What the lines are that follow the last digest. */
    Finding unchained() {
        return new Finding.Unchained(
                file, tornLine, lastRecord(), "the end of a group", tornBytes + " bytes that no digest covers");
    }
}
