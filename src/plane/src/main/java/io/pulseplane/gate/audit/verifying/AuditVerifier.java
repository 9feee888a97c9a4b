package io.pulseplane.gate.audit.verifying;

import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.RetiredSegments;
import io.pulseplane.gate.audit.SegmentScanner;
import io.pulseplane.gate.audit.SignatureCheck;
import io.pulseplane.gate.audit.SignedHead;
import io.pulseplane.gate.audit.TimeBounds;
import io.pulseplane.gate.audit.TrailEnd;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Checks by the digests and signatures of a trail whether it is as the node wrote it. The verifier reads each segment
 * once, in bounded memory. A plane may write the trail meanwhile.
 *
 * <p>The verifier cannot tell whether somebody replaced the whole directory, head included, with an older copy of it.
 */
public final class AuditVerifier {

    private final AuditDirectory directory;
    private final SignatureCheck key;
    private final List<Finding> findings = new ArrayList<>();

    private long records;
    private long segments;
    private long tornBytes;
    private Optional<TrailEnd> end;

    private AuditVerifier(AuditDirectory directory, SignatureCheck key) {
        this.directory = directory;
        this.key = key;
    }

    /** @throws PlaneException.Unavailable if the directory does not exist or cannot be read */
    public static VerificationResult verify(Path directory, PublicKey key) {
        try {
            return new AuditVerifier(new AuditDirectory(directory), new SignatureCheck(key)).verify();
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
        return findings.isEmpty() ? intact(head.orElseThrow()) : new VerificationResult.Broken(findings);
    }

    private VerificationResult intact(SignedHead head) {
        var trailEnd = end.orElseThrow();
        long lastSealed = trailEnd.isSealed() ? trailEnd.lastRecord() : trailEnd.firstRecord() - 1;
        long lastSigned = Math.max(head.lastRecord(), lastSealed);
        return new VerificationResult.Intact(
                records, segments, trailEnd.digest(), trailEnd.lastRecord() - lastSigned, tornBytes);
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
        var check = new SegmentCheck(segment, path.getFileName().toString(), key, end, headOfSegment, mayBeOpen);
        try (var scanner = SegmentScanner.fromStart(path)) {
            check.run(scanner).ifPresent(findings::add);
            end = check.end();
        }
        records += check.records();
        tornBytes += check.tornBytes();
        segments++;
    }
}
