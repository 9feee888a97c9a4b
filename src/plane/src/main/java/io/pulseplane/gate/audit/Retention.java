package io.pulseplane.gate.audit;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Removes segments whose time is over: whole ones, sealed ones, the oldest first. Says so in a signed file before it
 * does, so that a removed segment is not taken for a missing one, nor a missing one for a removed one.
 */
final class Retention {

    private static final System.Logger LOG = System.getLogger(Retention.class.getName());

    private final AuditDirectory directory;
    private final SigningKey key;
    private final long retentionUs;

    Retention(AuditDirectory directory, SigningKey key, Duration kept) {
        this.directory = directory;
        this.key = key;
        this.retentionUs = TimeUnit.MICROSECONDS.convert(kept);
    }

    /** Never touches the current segment. A failure is logged: a log that is too long is still a log. */
    void apply(long current, long nowUs) {
        try {
            var signatures = new SignatureCheck(key.publicKey());
            long retired = AuditDirectory.read(directory.retiredFile())
                    .flatMap(line -> RetiredSegments.parse(line, signatures))
                    .map(RetiredSegments::lastSegment)
                    .orElse(0L);
            for (long segment : directory.segmentNumbers().headSet(current)) {
                if (segment > retired + 1 || (segment == retired + 1 && !retire(segment, signatures, nowUs))) {
                    return;
                }
                retired = Math.max(retired, segment);
                Files.delete(directory.segmentFile(segment));
                directory.sync();
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "Audit segments whose time is over were not removed", e);
        }
    }

    /** Removing a segment that is not as it was written would remove the evidence, and so would going on past a gap. */
    private boolean retire(long segment, SignatureCheck signatures, long nowUs) throws IOException {
        var line = SegmentTail.footerLine(directory.segmentFile(segment));
        var seal = line.filter(signatures::covers).flatMap(SegmentFooter::parse).filter(s -> s.segment() == segment);
        if (seal.isEmpty()) {
            LOG.log(Level.ERROR, "Audit segment {0} has no genuine seal, so it is kept", Long.toString(segment));
            return false;
        }
        if (seal.get().timeUs() > nowUs - retentionUs) {
            return false;
        }
        var retired =
                new RetiredSegments(segment, seal.get().lastRecord(), seal.get().digest(), nowUs);
        AuditDirectory.replace(directory.retiredFile(), retired.signedBy(key));
        LOG.log(
                Level.INFO,
                "Removing audit segment {0}, whose time is over: it ends with record {1} and digest {2}",
                Long.toString(segment),
                Long.toString(retired.lastRecord()),
                retired.digest());
        return true;
    }
}
