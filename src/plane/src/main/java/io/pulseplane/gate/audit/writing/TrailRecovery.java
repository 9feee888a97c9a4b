package io.pulseplane.gate.audit.writing;

import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.GroupFooter;
import io.pulseplane.gate.audit.LineReader;
import io.pulseplane.gate.audit.SegmentFooter;
import io.pulseplane.gate.audit.SegmentHeader;
import io.pulseplane.gate.audit.SegmentScanner;
import io.pulseplane.gate.audit.SegmentScanner.Step;
import io.pulseplane.gate.audit.SegmentTail;
import io.pulseplane.gate.audit.SignatureCheck;
import io.pulseplane.gate.audit.SignedHead;
import io.pulseplane.gate.audit.SigningKey;
import io.pulseplane.gate.audit.TrailEnd;
import io.pulseplane.gate.audit.TrailMark;
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
 * Finds the end of a trail that may not have been closed.
 *
 * <p>The trail reaches at least as far as its head says. If it is shorter, somebody cut it or the disk lost data, and
 * the plane does not continue it. Complete groups beyond the head were written just before a crash and belong to the
 * trail. An incomplete group after them was being written when the crash came, and is cut off. In sync mode its callers
 * had no answer yet, because it was not synced.
 */
final class TrailRecovery {

    private static final System.Logger LOG = System.getLogger(TrailRecovery.class.getName());

    /** @param marks to be written before the first record */
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
     * Finds the end of the trail in the directory. Writes the first head if there is no trail yet.
     *
     * @throws PlaneException.DataLoss if the trail is not as it was written
     */
    static RecoveryResult recover(AuditDirectory directory, SigningKey key, long nowUs) throws IOException {
        var text = AuditDirectory.read(directory.headFile());
        if (text.isEmpty()) {
            if (!directory.segmentNumbers().isEmpty() || Files.exists(directory.retiredFile())) {
                throw damaged("there are segments but no head");
            }
            AuditDirectory.replace(
                    directory.headFile(), TrailEnd.GENESIS.head(nowUs).signedBy(key));
            return new RecoveryResult(TrailEnd.GENESIS, List.of());
        }
        var check = new SignatureCheck(key.publicKey());
        var head = SignedHead.parse(text.get(), check)
                .orElseThrow(() -> damaged("the head has no signature of this node"));
        var recovery = new TrailRecovery(directory, check);
        recovery.startAtHead(head);
        recovery.followBeyondHead();
        return recovery.result(head, nowUs);
    }

    private RecoveryResult result(SignedHead head, long nowUs) {
        if (end.digest().equals(head.digest()) && droppedBytes == 0) {
            return new RecoveryResult(end, List.of());
        }
        LOG.log(
                Level.WARNING,
                "The audit trail was not closed: {0} records beyond the head are kept, {1} bytes of an incomplete group"
                        + " are dropped",
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
            throw damaged("the trail does not reach as far as the head says");
        }
        var header = header(segment).orElseThrow(() -> damaged("the newest segment has no header"));
        String line;
        try (var channel = FileChannel.open(segment, StandardOpenOption.READ)) {
            line = SegmentTail.line(channel, head.offset()).orElseThrow();
        }
        var times = GroupFooter.parse(line)
                .map(GroupFooter::times)
                .or(() -> SegmentFooter.parse(line).map(SegmentFooter::times))
                .orElseThrow();
        end = new TrailEnd(
                head.segment(),
                header.firstRecord(),
                header.timeUs(),
                head.offset(),
                head.lastRecord(),
                times,
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
        var belongs = true;
        while (belongs && end.isSealed() && Files.exists(directory.segmentFile(end.segment() + 1))) {
            belongs = follow(SegmentScanner.fromStart(directory.segmentFile(end.segment() + 1)), end.segment() + 1);
        }
        var segments = directory.segmentNumbers();
        if (!segments.isEmpty() && segments.last() > end.segment() + (end.isSealed() ? 1 : 0)) {
            throw damaged("there are segments after the end of the chain");
        }
    }

    /** Follows the chain through a segment, and returns whether any group of it belongs to the trail. */
    private boolean follow(SegmentScanner scanner, long segment) throws IOException {
        try (scanner) {
            scan(scanner);
        }
        boolean belongs = end.segment() == segment;
        droppedBytes = Files.size(directory.segmentFile(segment)) - (belongs ? end.offset() : 0);
        if (belongs && end.isSealed() && droppedBytes > 0) {
            throw damaged("something follows the seal of the newest segment");
        }
        return belongs;
    }

    /** Moves the end as far as the chain holds. A segment without a complete group does not move it. */
    private void scan(SegmentScanner scanner) throws IOException {
        var position = end;
        while (true) {
            switch (scanner.next()) {
                case Step.HeaderRead(var header) -> {
                    position = end.nextSegment(header.timeUs());
                    if (!header.equals(position.header())) {
                        return;
                    }
                }
                case Step.GroupRead(var group, var offset, var _) -> {
                    position = position.after(group, offset);
                    end = position;
                }
                case Step.FooterRead(var footer, var text, var offset, var _) -> {
                    if (position.isSealed() || footer.segment() != position.segment() || !key.covers(text)) {
                        return;
                    }
                    position = position.after(footer, offset);
                    end = position;
                }
                case Step.TornTail _, Step.Mismatch _, Step.EndOfFile _ -> {
                    return;
                }
            }
        }
    }

    private static PlaneException damaged(String reason) {
        LOG.log(
                Level.ERROR,
                "The audit trail is not as it was written: {0}. Verify it with `pulseplane audit verify`, then move its"
                        + " directory away to begin a new trail",
                reason);
        return new PlaneException.DataLoss(
                "the audit trail is not as it was written; verify it, then move it away to begin a new one");
    }
}
