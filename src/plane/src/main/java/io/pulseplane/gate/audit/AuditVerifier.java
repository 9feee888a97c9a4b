package io.pulseplane.gate.audit;

import io.pulseplane.vitals.Problem;
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
    private Optional<LogEnd> end;

    private AuditVerifier(AuditDirectory directory, SignatureCheck key) {
        this.directory = directory;
        this.key = key;
    }

    /** @throws Problem.Unavailable if there is no such directory, or it cannot be read */
    public static Verdict verify(Path directory, PublicKey key) {
        try {
            return new AuditVerifier(new AuditDirectory(directory), new SignatureCheck(key)).verify();
        } catch (IOException e) {
            throw new Problem.Unavailable("the audit log cannot be read", e);
        }
    }

    private Verdict verify() throws IOException {
        // Before the segments: of a log that is being written, the head must be the older of the two.
        var head = head();
        long expected = start() + 1;
        var there = directory.segments().tailSet(expected);
        for (long segment : there) {
            expectNoGap(expected, segment);
            check(segment, head, segment == there.last());
            expected = segment + 1;
        }
        if (head.isPresent()) {
            expectNoGap(expected, head.get().segment() + 1);
        }
        return findings.isEmpty() ? intact(head.orElseThrow()) : new Verdict.Broken(findings);
    }

    private Verdict intact(Head head) {
        var last = end.orElseThrow();
        long signed = Math.max(head.last(), last.sealed() ? last.last() : last.first() - 1);
        return new Verdict.Intact(records, segments, last.digest(), last.last() - signed, tornBytes);
    }

    private Optional<Head> head() throws IOException {
        var text = AuditDirectory.read(directory.head());
        var head = text.flatMap(t -> Head.parse(t, key));
        if (text.isEmpty()) {
            findings.add(new Finding.Missing("head", "the signed end of the log", "no such file"));
        } else if (head.isEmpty()) {
            findings.add(new Finding.Forged("head", 1, 0, "a head that this key signed", "something else"));
        }
        return head;
    }

    /** The last segment before those that must be there. */
    private long start() throws IOException {
        var text = AuditDirectory.read(directory.retired());
        var retired = text.flatMap(t -> Retired.parse(t, key));
        if (text.isPresent() && retired.isEmpty()) {
            findings.add(new Finding.Forged("retired", 1, 0, "a line that this key signed", "something else"));
            end = Optional.empty();
            return directory.segments().isEmpty() ? 0 : directory.segments().first() - 1;
        }
        var begin = retired.map(r ->
                        new LogEnd(r.segment(), r.last() + 1, r.timeUs(), 0, r.last(), Span.NONE, r.digest(), true))
                .orElse(LogEnd.GENESIS);
        end = Optional.of(begin);
        return begin.segment();
    }

    private void expectNoGap(long expected, long segment) {
        if (segment > expected) {
            var file = directory.segment(expected).getFileName().toString();
            findings.add(new Finding.Missing(file, (segment - expected) + " segments from here", "no such file"));
            end = Optional.empty();
        }
    }

    private void check(long segment, Optional<Head> head, boolean newest) throws IOException {
        var path = directory.segment(segment);
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
