package io.pulseplane.gate.audit.verifying;

import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.RetiredSegments;
import io.pulseplane.gate.audit.SegmentScanner;
import io.pulseplane.gate.audit.SignatureCheck;
import io.pulseplane.gate.audit.SignedHead;
import io.pulseplane.gate.audit.TimeBounds;
import io.pulseplane.gate.audit.TrailEnd;
import io.pulseplane.gate.audit.TrailMark;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Checks by the digests and signatures of a trail whether it is as the node wrote it. The verifier reads each segment
 * once, in bounded memory. A plane may write the trail meanwhile.
 *
 * <p>The verifier cannot tell whether somebody replaced the whole directory, head included, with an older copy of it.
 */
public final class AuditVerifier {

    /** A plane writes a group at once; on a slow disk that takes a moment. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final long POLL_MILLIS = 20;

    private final AuditDirectory directory;
    private final SignatureCheck key;
    private final Anchors anchors;
    private final Duration patience;
    private final List<TrailMark.Unproven> unproven = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();

    private long records;
    private long segments;
    private long retiredSegment;
    private Optional<TrailEnd> end;

    private AuditVerifier(AuditDirectory directory, SignatureCheck key, Anchors anchors, Duration patience) {
        this.directory = directory;
        this.key = key;
        this.anchors = anchors;
        this.patience = patience;
    }

    /** @throws PlaneException.Unavailable if the directory does not exist or cannot be read */
    public static VerificationResult verify(Path directory, PublicKey key) {
        return verify(directory, key, Anchors.NONE);
    }

    /**
     * @param anchors what the trail must have
     * @throws PlaneException.Unavailable if the directory does not exist or cannot be read
     */
    public static VerificationResult verify(Path directory, PublicKey key, Anchors anchors) {
        return verify(directory, key, anchors, PATIENCE);
    }

    /**
     * @param anchors what the trail must have
     * @param patience how long lines at the end may stay without a digest, because a plane may be writing them
     * @throws PlaneException.Unavailable if the directory does not exist or cannot be read
     */
    public static VerificationResult verify(Path directory, PublicKey key, Anchors anchors, Duration patience) {
        try {
            return new AuditVerifier(new AuditDirectory(directory), new SignatureCheck(key), anchors, patience)
                    .verify();
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the audit trail cannot be read", e);
        }
    }

    private VerificationResult verify() throws IOException {
        // Reads the head before the segments: while a plane writes the trail, the head must not be newer than they are.
        var head = readHead();
        long expected = lastRetiredSegment() + 1;
        var numbers = directory.segmentNumbers().tailSet(expected, true);
        for (long segment : numbers) {
            expectNoGap(expected, segment);
            check(segment, head, segment == numbers.last());
            expected = segment + 1;
        }
        if (head.isPresent()) {
            expectNoGap(expected, head.get().segment() + 1);
        }
        checkAnchorsBeyond(expected - 1);
        checkUnproven(head);
        return findings.isEmpty() ? intact(head.orElseThrow()) : new VerificationResult.Broken(findings);
    }

    /** Anchors in segments that the trail does not have; those that were removed after their retention do not count. */
    private void checkAnchorsBeyond(long lastSegment) {
        anchors.heads().stream()
                .filter(anchor -> anchor.segment() > lastSegment)
                .findFirst()
                .ifPresent(anchor -> findings.add(new Finding.Unanchored(
                        directory.segmentFile(anchor.segment()).getFileName().toString(),
                        0,
                        0,
                        "record " + anchor.lastRecord() + " as it was anchored",
                        "no such segment")));
    }

    private VerificationResult intact(SignedHead head) {
        var trailEnd = end.orElseThrow();
        long lastSealed = trailEnd.isSealed() ? trailEnd.lastRecord() : trailEnd.firstRecord() - 1;
        long lastSigned = Math.max(head.lastRecord(), lastSealed);
        return new VerificationResult.Intact(
                records,
                segments,
                trailEnd.digest(),
                trailEnd.lastRecord() - lastSigned,
                List.copyOf(unproven),
                provenAnchors());
    }

    private long provenAnchors() {
        return anchors.heads().stream()
                .filter(anchor -> anchor.segment() > retiredSegment)
                .count();
    }

    private Optional<SignedHead> readHead() throws IOException {
        var text = AuditDirectory.read(directory.headFile());
        var head = text.flatMap(line -> SignedHead.parse(line, key));
        if (text.isEmpty()) {
            findings.add(new Finding.Missing("head", "the signed end of the trail", "no such file"));
        } else if (head.isEmpty()) {
            findings.add(new Finding.Forged("head", 1, 0, "a head that this key signed", "something else"));
        }
        return head;
    }

    /** The number of the last retired segment. All later segments must exist. */
    private long lastRetiredSegment() throws IOException {
        var text = AuditDirectory.read(directory.retiredFile());
        var retired = text.flatMap(line -> RetiredSegments.parse(line, key));
        if (text.isPresent() && retired.isEmpty()) {
            findings.add(new Finding.Forged("retired", 1, 0, "a line that this key signed", "something else"));
            end = Optional.empty();
            return directory.segmentNumbers().isEmpty()
                    ? 0
                    : directory.segmentNumbers().first() - 1;
        }
        var start = retired.map(r -> new TrailEnd(
                        r.lastSegment(),
                        r.lastRecord() + 1,
                        r.timeUs(),
                        0,
                        r.lastRecord(),
                        TimeBounds.NONE,
                        r.digest(),
                        true))
                .orElse(TrailEnd.GENESIS);
        end = Optional.of(start);
        retiredSegment = start.segment();
        return start.segment();
    }

    private void expectNoGap(long expected, long segment) {
        if (segment > expected) {
            var file = directory.segmentFile(expected).getFileName().toString();
            findings.add(new Finding.Missing(file, (segment - expected) + " segments from here", "no such file"));
            end = Optional.empty();
        }
    }

    private void check(long segment, Optional<SignedHead> head, boolean isNewest) throws IOException {
        var path = directory.segmentFile(segment);
        var headOfSegment = head.filter(h -> h.segment() == segment);
        boolean mayBeOpen = isNewest && head.filter(h -> h.segment() <= segment).isPresent();
        var check = new SegmentCheck(
                segment, path.getFileName().toString(), key, end, headOfSegment, mayBeOpen, anchors.ofSegment(segment));
        try (var scanner = SegmentScanner.fromStart(path)) {
            check.run(scanner).ifPresent(findings::add);
            end = check.end();
        }
        if (end.isPresent() && check.tornBytes() > 0 && staysUnchained(path, end.get(), segment)) {
            findings.add(check.unchained());
            end = Optional.empty();
        }
        unproven.addAll(check.unproven());
        records += check.records();
        segments++;
    }

    /** Waits until the lines after the last digest get one, or are cut off. */
    private boolean staysUnchained(Path path, TrailEnd trailEnd, long segment) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (isUnchained(path, trailEnd, segment)) {
            if (System.nanoTime() - deadline >= 0) {
                return true;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(POLL_MILLIS));
        }
        return false;
    }

    private static boolean isUnchained(Path path, TrailEnd trailEnd, long segment) throws IOException {
        try (var scanner = trailEnd.segment() == segment
                ? SegmentScanner.after(path, trailEnd.offset(), trailEnd.digest(), trailEnd.lastRecord())
                : SegmentScanner.fromStart(path)) {
            SegmentScanner.Step step;
            do {
                step = scanner.next();
            } while (step instanceof SegmentScanner.Step.HeaderRead
                    || step instanceof SegmentScanner.Step.UnprovenRead);
            return step instanceof SegmentScanner.Step.TornTail || step instanceof SegmentScanner.Step.Mismatch;
        }
    }

    /** Compares each unproven part with its mark. A part whose mark is not signed yet is the one after the head. */
    private void checkUnproven(Optional<SignedHead> head) throws IOException {
        var files = directory.unprovenFiles();
        for (var mark : unproven) {
            var file = mark.file(directory);
            if (files.remove(file) == null) {
                if (mark.segment() > retiredSegment) {
                    findings.add(new Finding.Missing(
                            file.getFileName().toString(), "a part that no signature proved", "no such file"));
                }
            } else if (!isAsFound(mark)) {
                findings.add(new Finding.Altered(
                        file.getFileName().toString(), 0, 0, "digest " + mark.digest(), "another digest"));
            }
        }
        for (var file : files.keySet()) {
            boolean isNextToTheHead = head.isPresent()
                    && file.getFileName()
                            .toString()
                            .startsWith(AuditDirectory.unprovenPrefix(
                                    head.get().segment(), head.get().offset()));
            if (!isNextToTheHead && end.isPresent() && files.get(file) > retiredSegment) {
                findings.add(new Finding.Altered(
                        file.getFileName().toString(), 0, 0, "a part that the trail has a mark of", "no mark"));
            }
        }
    }

    private boolean isAsFound(TrailMark.Unproven mark) throws IOException {
        return TrailMark.Unproven.of(directory, mark.timeUs(), mark.segment(), mark.offset(), mark.part())
                .equals(mark);
    }
}
