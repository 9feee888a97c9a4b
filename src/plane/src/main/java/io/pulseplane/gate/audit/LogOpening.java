package io.pulseplane.gate.audit;

import io.pulseplane.gate.audit.SegmentScanner.Step;
import io.pulseplane.vitals.Problem;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/**
 * Finds where a log ends that may not have been closed.
 *
 * <p>The head says how far the log reaches at least; what is missing of that was taken away, and such a log is not
 * written on. Complete groups beyond the head were written just before a crash and belong to the log. What follows them
 * was being written when the crash came. Nobody was answered for it in sync mode, for nothing of it had been synced.
 */
final class LogOpening {

    private static final System.Logger LOG = System.getLogger(LogOpening.class.getName());

    /** @param marks what the log has to say about how it was found, to be written first */
    record Found(LogEnd end, List<Mark> marks) {}

    private final AuditDirectory directory;
    private final SignatureCheck key;
    private LogEnd end = LogEnd.GENESIS;
    private long dropped;

    private LogOpening(AuditDirectory directory, SignatureCheck key) {
        this.directory = directory;
        this.key = key;
    }

    /**
     * Begins a log where there is none.
     *
     * @throws Problem.Damaged if the log is not as it was written
     */
    static Found open(AuditDirectory directory, NodeKey key, long nowUs) throws IOException {
        var text = AuditDirectory.read(directory.head());
        if (text.isEmpty()) {
            if (!directory.segments().isEmpty() || Files.exists(directory.retired())) {
                throw damaged("there are segments, and no head");
            }
            AuditDirectory.replace(directory.head(), LogEnd.GENESIS.head(nowUs).signedBy(key));
            return new Found(LogEnd.GENESIS, List.of());
        }
        var check = new SignatureCheck(key.publicKey());
        var head = Head.parse(text.get(), check).orElseThrow(() -> damaged("the head is not what this node signed"));
        var opening = new LogOpening(directory, check);
        opening.goToHead(head);
        opening.goBeyond();
        return opening.found(head, nowUs);
    }

    private Found found(Head head, long nowUs) {
        if (end.digest().equals(head.digest()) && dropped == 0) {
            return new Found(end, List.of());
        }
        LOG.log(
                Level.WARNING,
                "The audit log was not closed: {0} records beyond the head are taken over, {1} bytes of an unfinished"
                        + " group are dropped",
                Long.toString(end.last() - head.last()),
                Long.toString(dropped));
        return new Found(end, List.of(new Mark.Resumed(nowUs, head.last(), end.last(), dropped)));
    }

    private void goToHead(Head head) throws IOException {
        if (head.segment() == 0) {
            return;
        }
        var segment = directory.segment(head.segment());
        if (!SegmentTail.endsWith(segment, head.offset(), head.digest())) {
            throw damaged("the log does not reach as far as the head says");
        }
        var header = header(segment).orElseThrow(() -> damaged("the newest segment has no header"));
        String line;
        try (var channel = FileChannel.open(segment, StandardOpenOption.READ)) {
            line = SegmentTail.line(channel, head.offset()).orElseThrow();
        }
        var span = GroupEnd.parse(line)
                .map(GroupEnd::span)
                .or(() -> Seal.parse(line).map(Seal::span))
                .orElseThrow();
        end = new LogEnd(
                head.segment(),
                header.first(),
                header.timeUs(),
                head.offset(),
                head.last(),
                span,
                head.digest(),
                line.startsWith(Seal.START));
    }

    private static Optional<SegmentHeader> header(Path segment) throws IOException {
        try (var lines = new LineReader(segment, 0, Long.MAX_VALUE)) {
            return lines.next() ? SegmentHeader.parse(lines.text()) : Optional.empty();
        }
    }

    private void goBeyond() throws IOException {
        if (end.segment() > 0) {
            var segment = directory.segment(end.segment());
            follow(SegmentScanner.after(segment, end.offset(), end.digest(), end.last()), end.segment());
        }
        var more = true;
        while (more && end.sealed() && Files.exists(directory.segment(end.segment() + 1))) {
            more = follow(SegmentScanner.fromStart(directory.segment(end.segment() + 1)), end.segment() + 1);
        }
        var segments = directory.segments();
        if (!segments.isEmpty() && segments.last() > end.segment() + (end.sealed() ? 1 : 0)) {
            throw damaged("a segment ends without a seal");
        }
    }

    /** Says whether anything of the segment belongs to the log. */
    private boolean follow(SegmentScanner segment, long number) throws IOException {
        try (segment) {
            go(segment);
        }
        boolean belongs = end.segment() == number;
        dropped = Files.size(directory.segment(number)) - (belongs ? end.offset() : 0);
        if (belongs && end.sealed() && dropped > 0) {
            throw damaged("something follows a seal");
        }
        return belongs;
    }

    /** As far as the chain holds. A segment that was begun and has no complete group is none. */
    private void go(SegmentScanner scanner) throws IOException {
        var at = end;
        while (true) {
            switch (scanner.next()) {
                case Step.Begun(var header) -> {
                    at = end.next(header.timeUs());
                    if (!header.equals(at.header())) {
                        return;
                    }
                }
                case Step.Grouped(var group, var offset, var _) -> {
                    at = at.after(group, offset);
                    end = at;
                }
                case Step.Sealed(var seal, var text, var offset, var _) -> {
                    if (at.sealed() || seal.segment() != at.segment() || !key.covers(text)) {
                        return;
                    }
                    at = at.after(seal, offset);
                    end = at;
                }
                case Step.Torn _, Step.Broken _, Step.Over _ -> {
                    return;
                }
            }
        }
    }

    private static Problem damaged(String how) {
        LOG.log(
                Level.ERROR,
                "The audit log is not as it was written: {0}. Verify it, and put its directory aside to begin another",
                how);
        return new Problem.Damaged(
                "the audit log is not as it was written; verify it, and put it aside to begin another");
    }
}
