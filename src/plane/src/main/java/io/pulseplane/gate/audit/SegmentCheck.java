package io.pulseplane.gate.audit;

import io.pulseplane.gate.audit.SegmentScanner.Step;
import java.io.IOException;
import java.util.Optional;

/** Holds one segment to its place in the log: to its name, to what comes before it, to the head, and to its seal. */
final class SegmentCheck {

    private final long segment;
    private final String file;
    private final SignatureCheck key;
    private final Optional<LogEnd> before;
    private final Optional<Head> head;
    private final boolean newest;

    private LogEnd at;
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
            Optional<LogEnd> before,
            Optional<Head> head,
            boolean newest) {
        this.segment = segment;
        this.file = file;
        this.key = key;
        this.before = before;
        this.head = head;
        this.newest = newest;
        this.headReached = head.isEmpty();
    }

    /** The first thing that is not as it should be, if anything is. */
    Optional<Finding> run(SegmentScanner scanner) throws IOException {
        var finding = Optional.<Finding>empty();
        Step step;
        do {
            step = scanner.next();
            finding = switch (step) {
                case Step.Begun(var header) -> begun(header);
                case Step.Grouped(var group, var end, var line) -> grouped(group, end, line);
                case Step.Sealed(var seal, var text, var end, var line) -> sealed(seal, text, end, line);
                case Step.Torn(var bytes, var line) -> torn(bytes, line);
                case Step.Broken broken -> Optional.of(altered(broken));
                case Step.Over(var line) -> over(line);
            };
        } while (finding.isEmpty() && !(step instanceof Step.Torn) && !(step instanceof Step.Over));
        broken = finding.isPresent();
        return finding;
    }

    private Optional<Finding> begun(SegmentHeader header) {
        at = new LogEnd(
                segment, header.first(), header.timeUs(), 0, header.first() - 1, Span.NONE, header.previous(), false);
        if (header.segment() != segment) {
            return misplaced("segment " + segment, "segment " + header.segment());
        }
        if (before.isPresent() && !before.get().digest().equals(header.previous())) {
            return misplaced("a segment after digest " + before.get().digest(), "one after " + header.previous());
        }
        if (before.isPresent() && before.get().last() + 1 != header.first()) {
            return misplaced("record " + (before.get().last() + 1), "record " + header.first());
        }
        return Optional.empty();
    }

    private Optional<Finding> misplaced(String expected, String found) {
        return Optional.of(new Finding.Misplaced(file, 1, at.first(), expected, found));
    }

    private Optional<Finding> grouped(GroupEnd group, long end, long line) {
        if (at.sealed()) {
            return Optional.of(new Finding.Altered(file, line, at.last(), "nothing after the seal", "a group"));
        }
        at = at.after(group, end);
        return heldToHead(line);
    }

    private Optional<Finding> sealed(Seal seal, String text, long end, long line) {
        if (at.sealed()) {
            return Optional.of(new Finding.Altered(file, line, at.last(), "nothing after the seal", "a seal"));
        }
        if (!key.covers(text)) {
            return Optional.of(new Finding.Forged(file, line, at.last(), "a seal that this key signed", "another"));
        }
        if (seal.segment() != segment || seal.records() != at.records()) {
            return Optional.of(new Finding.Altered(
                    file,
                    line,
                    at.last(),
                    "the seal of segment " + segment + " with " + at.records() + " records",
                    "that of segment " + seal.segment() + " with " + seal.records()));
        }
        at = at.after(seal, end);
        return heldToHead(line);
    }

    /** Where the head points to, there must be what it says. */
    private Optional<Finding> heldToHead(long line) {
        if (headReached || at.offset() < head.orElseThrow().offset()) {
            return Optional.empty();
        }
        headReached = true;
        var signed = head.orElseThrow();
        if (at.offset() == signed.offset() && at.digest().equals(signed.digest()) && at.last() == signed.last()) {
            return Optional.empty();
        }
        return Optional.of(new Finding.Altered(
                file, line, at.last(), "digest " + signed.digest() + " as the head says", "digest " + at.digest()));
    }

    private Optional<Finding> torn(long bytes, long line) {
        tornBytes = bytes;
        if (at != null && at.sealed()) {
            return Optional.of(new Finding.Altered(file, line, at.last(), "nothing after the seal", "part of a line"));
        }
        return endedEarly(line, "part of a group");
    }

    private Optional<Finding> over(long line) {
        return at.sealed() ? endedBeforeHead(line, "a seal") : endedEarly(line, "the end of the file");
    }

    private Optional<Finding> endedEarly(long line, String found) {
        return newest
                ? endedBeforeHead(line, found)
                : Optional.of(new Finding.Cut(file, line, lastRecord(), "a seal", found));
    }

    private Optional<Finding> endedBeforeHead(long line, String found) {
        return headReached
                ? Optional.empty()
                : Optional.of(new Finding.Cut(
                        file, line, lastRecord(), "record " + head.orElseThrow().last() + " as the head says", found));
    }

    private Finding altered(Step.Broken step) {
        return new Finding.Altered(file, step.line(), step.record(), step.expected(), step.found());
    }

    private long lastRecord() {
        return at == null ? 0 : at.last();
    }

    /** Where the log stands after this segment; empty if that cannot be told. */
    Optional<LogEnd> end() {
        if (broken) {
            return Optional.empty();
        }
        return at == null ? before : Optional.of(at);
    }

    long records() {
        return at == null ? 0 : at.records();
    }

    long tornBytes() {
        return tornBytes;
    }
}
