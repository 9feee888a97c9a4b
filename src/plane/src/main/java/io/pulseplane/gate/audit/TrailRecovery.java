package io.pulseplane.gate.audit;

import io.pulseplane.gate.audit.SegmentScanner.Step;
import io.pulseplane.vitals.PlaneException;
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
final class TrailRecovery {

    private static final System.Logger LOG = System.getLogger(TrailRecovery.class.getName());

    /** @param marks what the log has to say about how it was found, to be written first */
    record RecoveryResult(TrailEnd end, List<TrailMark> marks) {}

    private final AuditDirectory directory;
    private final SignatureCheck key;
    private TrailEnd end = TrailEnd.GENESIS;
    private long droppedBytes;

    private TrailRecovery(AuditDirectory directory, SignatureCheck key) {
        this.directory = directory;
        this.key = key;
    }

    /**
     * Begins a log where there is none.
     *
     * @throws PlaneException.DataLoss if the log is not as it was written
     */
    static RecoveryResult recover(AuditDirectory directory, SigningKey key, long nowUs) throws IOException {
        var text = AuditDirectory.read(directory.headFile());
        if (text.isEmpty()) {
            if (!directory.segmentNumbers().isEmpty() || Files.exists(directory.retiredFile())) {
                throw damaged("there are segments, and no head");
            }
            AuditDirectory.replace(
                    directory.headFile(), TrailEnd.GENESIS.head(nowUs).signedBy(key));
            return new RecoveryResult(TrailEnd.GENESIS, List.of());
        }
        var check = new SignatureCheck(key.publicKey());
        var head =
                SignedHead.parse(text.get(), check).orElseThrow(() -> damaged("the head is not what this node signed"));
        var opening = new TrailRecovery(directory, check);
        opening.startAtHead(head);
        opening.followBeyondHead();
        return opening.result(head, nowUs);
    }

    private RecoveryResult result(SignedHead head, long nowUs) {
        if (end.digest().equals(head.digest()) && droppedBytes == 0) {
            return new RecoveryResult(end, List.of());
        }
        LOG.log(
                Level.WARNING,
                "The audit log was not closed: {0} records beyond the head are taken over, {1} bytes of an unfinished"
                        + " group are dropped",
                Long.toString(end.lastRecord() - head.lastRecord()),
                Long.toString(droppedBytes));
        return new RecoveryResult(
                end, List.of(new TrailMark.Resumption(nowUs, head.lastRecord(), end.lastRecord(), droppedBytes)));
    }

    private void startAtHead(SignedHead head) throws IOException {
        if (head.segment() == 0) {
            return;
        }
        var segment = directory.segmentFile(head.segment());
        if (!SegmentTail.endsWith(segment, head.offset(), head.digest())) {
            throw damaged("the log does not reach as far as the head says");
        }
        var header = header(segment).orElseThrow(() -> damaged("the newest segment has no header"));
        String line;
        try (var channel = FileChannel.open(segment, StandardOpenOption.READ)) {
            line = SegmentTail.line(channel, head.offset()).orElseThrow();
        }
        var span = GroupFooter.parse(line)
                .map(GroupFooter::times)
                .or(() -> SegmentFooter.parse(line).map(SegmentFooter::times))
                .orElseThrow();
        end = new TrailEnd(
                head.segment(),
                header.firstRecord(),
                header.timeUs(),
                head.offset(),
                head.lastRecord(),
                span,
                head.digest(),
                line.startsWith(SegmentFooter.START));
    }

    private static Optional<SegmentHeader> header(Path segment) throws IOException {
        try (var lines = new LineReader(segment, 0, Long.MAX_VALUE)) {
            return lines.next() ? SegmentHeader.parse(lines.text()) : Optional.empty();
        }
    }

    private void followBeyondHead() throws IOException {
        if (end.segment() > 0) {
            var segment = directory.segmentFile(end.segment());
            follow(SegmentScanner.after(segment, end.offset(), end.digest(), end.lastRecord()), end.segment());
        }
        var more = true;
        while (more && end.isSealed() && Files.exists(directory.segmentFile(end.segment() + 1))) {
            more = follow(SegmentScanner.fromStart(directory.segmentFile(end.segment() + 1)), end.segment() + 1);
        }
        var segments = directory.segmentNumbers();
        if (!segments.isEmpty() && segments.last() > end.segment() + (end.isSealed() ? 1 : 0)) {
            throw damaged("a segment ends without a seal");
        }
    }

    /** Says whether anything of the segment belongs to the log. */
    private boolean follow(SegmentScanner segment, long number) throws IOException {
        try (segment) {
            scan(segment);
        }
        boolean belongs = end.segment() == number;
        droppedBytes = Files.size(directory.segmentFile(number)) - (belongs ? end.offset() : 0);
        if (belongs && end.isSealed() && droppedBytes > 0) {
            throw damaged("something follows a seal");
        }
        return belongs;
    }

    /** As far as the chain holds. A segment that was begun and has no complete group is none. */
    private void scan(SegmentScanner scanner) throws IOException {
        var at = end;
        while (true) {
            switch (scanner.next()) {
                case Step.HeaderRead(var header) -> {
                    at = end.nextSegment(header.timeUs());
                    if (!header.equals(at.header())) {
                        return;
                    }
                }
                case Step.GroupRead(var group, var offset, var _) -> {
                    at = at.after(group, offset);
                    end = at;
                }
                case Step.FooterRead(var seal, var text, var offset, var _) -> {
                    if (at.isSealed() || seal.segment() != at.segment() || !key.covers(text)) {
                        return;
                    }
                    at = at.after(seal, offset);
                    end = at;
                }
                case Step.TornTail _, Step.Mismatch _, Step.EndOfFile _ -> {
                    return;
                }
            }
        }
    }

    private static PlaneException damaged(String how) {
        LOG.log(
                Level.ERROR,
                "The audit log is not as it was written: {0}. Verify it, and put its directory aside to begin another",
                how);
        return new PlaneException.DataLoss(
                "the audit log is not as it was written; verify it, and put it aside to begin another");
    }
}
