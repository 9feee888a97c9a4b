package io.pulseplane.gate.audit.writing;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.GroupFooter;
import io.pulseplane.gate.audit.LineReader;
import io.pulseplane.gate.audit.RetiredSegments;
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
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Finds the end of a trail that may not have been closed.
 *
 * <p>The trail reaches at least as far as its head says. If it is shorter, somebody cut it or the disk lost data, and
 * the plane does not continue it. It reaches further than its head if a seal beyond the head has the node's signature.
 * The last of these is the proven end, and the trail continues there.
 *
 * <p>Complete groups beyond the proven end may have been written just before a crash. But whoever can write to the
 * directory can make such groups too, so the node must not sign them. They are moved into a file of their own, and a
 * mark has its digest. An incomplete group was being written when the crash came, and is cut off. In sync mode its
 * callers had no answer yet, because it was not synced.
 */
final class TrailRecovery {

    private static final System.Logger LOG = System.getLogger(TrailRecovery.class.getName());

    /** @param marks to be written before the first record */
    record RecoveryResult(TrailEnd end, List<TrailMark> marks) {}

    private final AuditDirectory directory;
    private final SignatureCheck key;
    /** What a signature proves. */
    private TrailEnd proven = TrailEnd.GENESIS;

    /** The end of the last complete group. */
    private TrailEnd end = TrailEnd.GENESIS;

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
        var missing = missingSegments(directory, check, head);
        if (!missing.isEmpty()) {
            LOG.log(
                    Level.ERROR,
                    "Segments of the audit trail are missing that the retention did not remove: {0}",
                    missing);
        }
        var recovery = new TrailRecovery(directory, check);
        recovery.startAtHead(head);
        recovery.followBeyondHead();
        return recovery.result(head, nowUs);
    }

    /** The segments before that of the head which nobody removed by right. */
    static List<Long> missingSegments(AuditDirectory directory, SignatureCheck check, SignedHead head)
            throws IOException {
        long retired = AuditDirectory.read(directory.retiredFile())
                .flatMap(line -> RetiredSegments.parse(line, check))
                .map(RetiredSegments::lastSegment)
                .orElse(0L);
        var segments = directory.segmentNumbers();
        return LongStream.range(retired + 1, head.segment())
                .filter(segment -> !segments.contains(segment))
                .boxed()
                .toList();
    }

    private RecoveryResult result(SignedHead head, long nowUs) throws IOException {
        long unprovenRecords = end.lastRecord() - proven.lastRecord();
        long droppedBytes = tailBytes();
        if (unprovenRecords > 0) {
            keepTail();
            droppedBytes = 0;
        }
        var marks = new ArrayList<TrailMark>();
        if (unprovenRecords > 0 || droppedBytes > 0 || !proven.digest().equals(head.digest())) {
            LOG.log(
                    Level.WARNING,
                    "The audit trail was not closed: {0} records have no signature and were moved into a file of their"
                            + " own, {1} bytes of an incomplete group are dropped",
                    Long.toString(unprovenRecords),
                    Long.toString(droppedBytes));
            marks.add(new TrailMark.Resumption(nowUs, proven.lastRecord(), end.lastRecord(), droppedBytes));
        }
        // A file may be there already: a crash came before its mark was signed.
        for (int part = 1; Files.exists(unprovenFile(part), LinkOption.NOFOLLOW_LINKS); part++) {
            marks.add(TrailMark.Unproven.of(directory, nowUs, proven.segment(), proven.offset(), part));
        }
        return new RecoveryResult(proven, marks);
    }

    private Path unprovenFile(int part) {
        return directory.unprovenFile(proven.segment(), proven.offset(), part);
    }

    /** The file that continues after the proven end. */
    private Path tailFile() {
        return directory.segmentFile(proven.segment() + (proven.isSealed() ? 1 : 0));
    }

    private long tailOffset() {
        return proven.isSealed() ? 0 : proven.offset();
    }

    private long tailBytes() throws IOException {
        return Files.exists(tailFile()) ? Files.size(tailFile()) - tailOffset() : 0;
    }

    /** Copies the tail into the first free file. The writer cuts it off from the trail when it writes the mark. */
    private void keepTail() throws IOException {
        int part = 1;
        while (Files.exists(unprovenFile(part), LinkOption.NOFOLLOW_LINKS)) {
            part++;
        }
        try (var tail = PrivateFiles.open(tailFile(), StandardOpenOption.READ)) {
            AuditDirectory.replace(unprovenFile(part), tail.position(tailOffset()));
        }
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
        try (var channel = PrivateFiles.open(segment, StandardOpenOption.READ)) {
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
        proven = end;
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
        if (!segments.isEmpty() && segments.last() > proven.segment() + (proven.isSealed() ? 1 : 0)) {
            throw damaged("there are segments after the end of the chain");
        }
    }

    /** Follows the chain through a segment, and returns whether any group of it belongs to the chain. */
    private boolean follow(SegmentScanner scanner, long segment) throws IOException {
        try (scanner) {
            scan(scanner);
        }
        boolean belongs = end.segment() == segment;
        if (belongs && end.isSealed() && Files.size(directory.segmentFile(segment)) > end.offset()) {
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
                    proven = position;
                }
                case Step.UnprovenRead _ -> {
                    // The group that has the mark counts, not the mark.
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
