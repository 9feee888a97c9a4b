package io.pulseplane.gate.audit.writing;

import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.RetiredSegments;
import io.pulseplane.gate.audit.SegmentFooter;
import io.pulseplane.gate.audit.SegmentTail;
import io.pulseplane.gate.audit.SignatureCheck;
import io.pulseplane.gate.audit.SigningKey;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Removes sealed segments that are older than the retention, the oldest first. Before it removes a segment, it writes
 * the segment's number into a signed file ({@link RetiredSegments}), so that a verifier can tell a retired segment from
 * one that somebody deleted.
 */
final class Retention {

    private static final System.Logger LOG = System.getLogger(Retention.class.getName());

    private final AuditDirectory directory;
    private final SigningKey key;
    private final long retentionUs;

    Retention(AuditDirectory directory, SigningKey key, Duration retention) {
        this.directory = directory;
        this.key = key;
        this.retentionUs = TimeUnit.MICROSECONDS.convert(retention);
    }

    /**
     * Removes what is due before the current segment. A failure is only logged, because a trail may be longer than
     * needed.
     */
    void apply(long currentSegment, long nowUs) {
        try {
            var signatures = new SignatureCheck(key.publicKey());
            long retired = AuditDirectory.read(directory.retiredFile())
                    .flatMap(line -> RetiredSegments.parse(line, signatures))
                    .map(RetiredSegments::lastSegment)
                    .orElse(0L);
            for (long segment : directory.segmentNumbers().headSet(currentSegment)) {
                if (segment > retired + 1 || (segment == retired + 1 && !retire(segment, signatures, nowUs))) {
                    return;
                }
                retired = Math.max(retired, segment);
                Files.delete(directory.segmentFile(segment));
                for (var part : directory.unprovenFiles().entrySet()) {
                    if (part.getValue() <= segment) {
                        Files.delete(part.getKey());
                    }
                }
                directory.sync();
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "Audit segments that are older than the retention could not be removed", e);
        }
    }

    /**
     * Records that the segment is retired, if it is old enough. A segment without a genuine footer is kept, because it
     * is evidence that somebody changed it.
     */
    private boolean retire(long segment, SignatureCheck signatures, long nowUs) throws IOException {
        var line = SegmentTail.footerLine(directory.segmentFile(segment));
        var footer =
                line.filter(signatures::covers).flatMap(SegmentFooter::parse).filter(f -> f.segment() == segment);
        if (footer.isEmpty()) {
            LOG.log(
                    Level.ERROR,
                    "Audit segment {0} has no seal that this node signed, so it is not removed; verify the audit trail",
                    Long.toString(segment));
            return false;
        }
        if (footer.get().timeUs() > nowUs - retentionUs) {
            return false;
        }
        var retired = new RetiredSegments(
                segment, footer.get().lastRecord(), footer.get().digest(), nowUs);
        AuditDirectory.replace(directory.retiredFile(), retired.signedBy(key));
        LOG.log(
                Level.INFO,
                "Removing audit segment {0}, which is older than the retention: it ends with record {1} and digest {2}",
                Long.toString(segment),
                Long.toString(retired.lastRecord()),
                retired.digest());
        return true;
    }
}
