package io.pulseplane.gate.audit;

import io.pulseplane.gate.audit.SegmentScanner.Step;
import java.io.IOException;
import java.util.Optional;

/** Holds one segment to its place in the log: to its name, to what comes before it, to the head, and to its seal. */
final class SegmentCheck {

    private final long segment;
    private final String file;
    private final SignatureCheck key;
    private final Optional<TrailEnd> previousEnd;
    private final Optional<SignedHead> head;
    private final boolean isNewest;

    private TrailEnd position;
    private boolean headReached;
    private long tornBytes;
    private boolean broken;

    /**
     * @param file its name
     * @param before the end of the segment before; empty if that one is broken
     * @param head if it points into this segment
     * @param newest whether the segment may end without a seal
     */
    SegmentCheck(
            long segment,
            String file,
            SignatureCheck key,
            Optional<TrailEnd> before,
            Optional<SignedHead> head,
            boolean newest) {
        this.segment = segment;
        this.file = file;
        this.key = key;
        this.previousEnd = before;
        this.head = head;
        this.isNewest = newest;
        this.headReached = head.isEmpty();
    }

    /** The first thing that is not as it should be, if anything is. */
    Optional<Finding> run(SegmentScanner scanner) throws IOException {
        var finding = Optional.<Finding>empty();
        Step step;
        do {
            step = scanner.next();
            finding = switch (step) {
                case Step.HeaderRead(var header) -> checkHeader(header);
                case Step.GroupRead(var group, var end, var line) -> checkGroup(group, end, line);
                case Step.FooterRead(var seal, var text, var end, var line) -> checkFooter(seal, text, end, line);
                case Step.TornTail(var bytes, var line) -> checkTornTail(bytes, line);
                case Step.Mismatch broken -> Optional.of(altered(broken));
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

    private Optional<Finding> checkFooter(SegmentFooter seal, String text, long end, long line) {
        if (position.isSealed()) {
            return Optional.of(
                    new Finding.Altered(file, line, position.lastRecord(), "nothing after the seal", "a seal"));
        }
        if (!key.covers(text)) {
            return Optional.of(
                    new Finding.Forged(file, line, position.lastRecord(), "a seal that this key signed", "another"));
        }
        if (seal.segment() != segment || seal.records() != position.records()) {
            return Optional.of(new Finding.Altered(
                    file,
                    line,
                    position.lastRecord(),
                    "the seal of segment " + segment + " with " + position.records() + " records",
                    "that of segment " + seal.segment() + " with " + seal.records()));
        }
        position = position.after(seal, end);
        return checkAgainstHead(line);
    }

    /** Where the head points to, there must be what it says. */
    private Optional<Finding> checkAgainstHead(long line) {
        if (headReached || position.offset() < head.orElseThrow().offset()) {
            return Optional.empty();
        }
        headReached = true;
        var signed = head.orElseThrow();
        if (position.offset() == signed.offset()
                && position.digest().equals(signed.digest())
                && position.lastRecord() == signed.lastRecord()) {
            return Optional.empty();
        }
        return Optional.of(new Finding.Altered(
                file,
                line,
                position.lastRecord(),
                "digest " + signed.digest() + " as the head says",
                "digest " + position.digest()));
    }

    private Optional<Finding> checkTornTail(long bytes, long line) {
        tornBytes = bytes;
        if (position != null && position.isSealed()) {
            return Optional.of(
                    new Finding.Altered(file, line, position.lastRecord(), "nothing after the seal", "part of a line"));
        }
        return endedEarly(line, "part of a group");
    }

    private Optional<Finding> checkEnd(long line) {
        return position.isSealed() ? endedBeforeHead(line, "a seal") : endedEarly(line, "the end of the file");
    }

    private Optional<Finding> endedEarly(long line, String found) {
        return isNewest
                ? endedBeforeHead(line, found)
                : Optional.of(new Finding.Truncated(file, line, lastRecord(), "a seal", found));
    }

    private Optional<Finding> endedBeforeHead(long line, String found) {
        return headReached
                ? Optional.empty()
                : Optional.of(new Finding.Truncated(
                        file,
                        line,
                        lastRecord(),
                        "record " + head.orElseThrow().lastRecord() + " as the head says",
                        found));
    }

    private Finding altered(Step.Mismatch step) {
        return new Finding.Altered(file, step.line(), step.record(), step.expected(), step.found());
    }

    private long lastRecord() {
        return position == null ? 0 : position.lastRecord();
    }

    /** Where the log stands after this segment; empty if that cannot be told. */
    Optional<TrailEnd> end() {
        if (broken) {
            return Optional.empty();
        }
        return position == null ? previousEnd : Optional.of(position);
    }

    long records() {
        return position == null ? 0 : position.records();
    }

    long tornBytes() {
        return tornBytes;
    }
}
