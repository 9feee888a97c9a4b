package io.pulseplane.gate.audit;

import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Tells whether a log is as it was written, by its own digests and the node's public key. Reads everything once, in
 * bounded memory; a log that is being written can be verified too.
 *
 * <p>What no verifier can tell from the directory alone: whether all of it, head included, was put back to an older copy.
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

    /** @throws PlaneException.Unavailable if there is no such directory, or it cannot be read */
    public static VerificationResult verify(Path directory, PublicKey key) {
        try {
            return new AuditVerifier(new AuditDirectory(directory), new SignatureCheck(key)).verify();
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the audit log cannot be read", e);
        }
    }

    private VerificationResult verify() throws IOException {
        // Before the segments: of a log that is being written, the head must be the older of the two.
        var head = readHead();
        long expected = lastRetiredSegment() + 1;
        var there = directory.segmentNumbers().tailSet(expected);
        for (long segment : there) {
            expectNoGap(expected, segment);
            check(segment, head, segment == there.last());
            expected = segment + 1;
        }
        if (head.isPresent()) {
            expectNoGap(expected, head.get().segment() + 1);
        }
        return findings.isEmpty() ? intact(head.orElseThrow()) : new VerificationResult.Broken(findings);
    }

    private VerificationResult intact(SignedHead head) {
        var last = end.orElseThrow();
        long signed = Math.max(head.lastRecord(), last.isSealed() ? last.lastRecord() : last.firstRecord() - 1);
        return new VerificationResult.Intact(records, segments, last.digest(), last.lastRecord() - signed, tornBytes);
    }

    private Optional<SignedHead> readHead() throws IOException {
        var text = AuditDirectory.read(directory.headFile());
        var head = text.flatMap(t -> SignedHead.parse(t, key));
        if (text.isEmpty()) {
            findings.add(new Finding.Missing("head", "the signed end of the log", "no such file"));
        } else if (head.isEmpty()) {
            findings.add(new Finding.Forged("head", 1, 0, "a head that this key signed", "something else"));
        }
        return head;
    }

    /** The last segment before those that must be there. */
    private long lastRetiredSegment() throws IOException {
        var text = AuditDirectory.read(directory.retiredFile());
        var retired = text.flatMap(t -> RetiredSegments.parse(t, key));
        if (text.isPresent() && retired.isEmpty()) {
            findings.add(new Finding.Forged("retired", 1, 0, "a line that this key signed", "something else"));
            end = Optional.empty();
            return directory.segmentNumbers().isEmpty()
                    ? 0
                    : directory.segmentNumbers().first() - 1;
        }
        var begin = retired.map(r -> new TrailEnd(
                        r.lastSegment(),
                        r.lastRecord() + 1,
                        r.timeUs(),
                        0,
                        r.lastRecord(),
                        TimeBounds.NONE,
                        r.digest(),
                        true))
                .orElse(TrailEnd.GENESIS);
        end = Optional.of(begin);
        return begin.segment();
    }

    private void expectNoGap(long expected, long segment) {
        if (segment > expected) {
            var file = directory.segmentFile(expected).getFileName().toString();
            findings.add(new Finding.Missing(file, (segment - expected) + " segments from here", "no such file"));
            end = Optional.empty();
        }
    }

    private void check(long segment, Optional<SignedHead> head, boolean newest) throws IOException {
        var path = directory.segmentFile(segment);
        var position = head.filter(h -> h.segment() == segment);
        var mayBeOpen = newest && head.filter(h -> h.segment() <= segment).isPresent();
        var check = new SegmentCheck(segment, path.getFileName().toString(), key, end, position, mayBeOpen);
        try (var scanner = SegmentScanner.fromStart(path)) {
            check.run(scanner).ifPresent(findings::add);
            end = check.end();
        }
        records += check.records();
        tornBytes += check.tornBytes();
        segments++;
    }
}
