package io.pulseplane.node;

import io.pulseplane.gate.audit.SigningKey;
import io.pulseplane.gate.audit.verifying.AuditVerifier;
import io.pulseplane.gate.audit.verifying.Finding;
import io.pulseplane.gate.audit.verifying.VerificationResult;
import io.pulseplane.vitals.PlaneException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Verifies an audit trail and describes the result for a person. The plane may be running or not. */
public final class AuditTrailVerification {

    /** The copy of the public key in the trail's directory, for users who keep none in a safer place. */
    private static final String PUBLIC_KEY = "node.pub";

    private AuditTrailVerification() {}

    /** The result, in lines for a person. */
    public record Report(boolean intact, List<String> lines) {}

    /** @param publicKey the file with the node's public key; the copy in the trail's directory if empty */
    public static Report verify(Path directory, Optional<Path> publicKey) {
        try {
            var key = SigningKey.readPublic(publicKey.orElse(directory.resolve(PUBLIC_KEY)));
            return switch (AuditVerifier.verify(directory, key)) {
                case VerificationResult.Intact intact -> new Report(true, describe(intact));
                case VerificationResult.Broken broken ->
                    new Report(
                            false,
                            broken.findings().stream()
                                    .map(AuditTrailVerification::describe)
                                    .toList());
            };
        } catch (PlaneException unreadable) {
            return new Report(false, List.of("pulseplane: " + unreadable.getMessage()));
        }
    }

    private static List<String> describe(VerificationResult.Intact intact) {
        var lines = new ArrayList<String>();
        lines.add("intact: " + intact.records() + " records in " + intact.segments() + " segments");
        lines.add("ends with " + intact.digest() + "; kept elsewhere, it tells this trail from an older copy of it");
        if (intact.unsignedRecords() > 0) {
            lines.add("the newest " + intact.unsignedRecords() + " records are chained but not signed yet");
        }
        if (intact.tornBytes() > 0) {
            lines.add("an unfinished group of " + intact.tornBytes() + " bytes follows; no call depended on it");
        }
        return lines;
    }

    private static String describe(Finding finding) {
        var kind =
                switch (finding) {
                    case Finding.Altered _ -> "altered";
                    case Finding.Misplaced _ -> "misplaced";
                    case Finding.Truncated _ -> "cut";
                    case Finding.Forged _ -> "forged";
                    case Finding.Missing _ -> "missing";
                };
        var place = finding.file()
                + (finding.line() == 0 ? "" : ", line " + finding.line())
                + (finding.record() == 0 ? "" : ", record " + finding.record());
        return kind + ": " + place + ": expected " + finding.expected() + ", found " + finding.found();
    }
}
