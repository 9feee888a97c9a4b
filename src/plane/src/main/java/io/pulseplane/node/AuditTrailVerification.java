package io.pulseplane.node;

import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.SigningKey;
import io.pulseplane.gate.audit.anchoring.Anchor;
import io.pulseplane.gate.audit.anchoring.AnchorPlace;
import io.pulseplane.gate.audit.verifying.Anchors;
import io.pulseplane.gate.audit.verifying.AuditVerifier;
import io.pulseplane.gate.audit.verifying.Finding;
import io.pulseplane.gate.audit.verifying.VerificationResult;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Verifies an audit trail and describes the result for a person. The plane may be running or not. */
public final class AuditTrailVerification {

    /** The copy of the public key in the trail's directory, for users who keep none in a safer place. */
    private static final String PUBLIC_KEY = "node.pub";

    private AuditTrailVerification() {}

    /** The result, in lines for a person. */
    public record Report(boolean succeeded, List<String> lines) {}

    /** @param publicKey the file with the node's public key; the copy in the trail's directory if empty */
    public static Report verify(Path directory, Optional<Path> publicKey, Optional<Path> anchors) {
        try {
            var key = SigningKey.readPublic(publicKey.orElse(directory.resolve(PUBLIC_KEY)));
            return switch (AuditVerifier.verify(
                    directory, key, anchors.map(Anchors::read).orElse(Anchors.NONE))) {
                case VerificationResult.Intact intact -> new Report(true, describe(intact, directory, anchors));
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

    /**
     * Hands the signed end of the trail to places that keep it. The plane may be running or not.
     *
     * @param places see {@link AnchorPlace#parse}
     */
    public static Report anchor(Path directory, Optional<Path> publicKey, List<String> places) {
        try {
            var parsed = places.stream().map(AnchorPlace::parse).toList();
            var anchor = Anchor.take(directory, SigningKey.readPublic(publicKey.orElse(directory.resolve(PUBLIC_KEY))));
            for (var place : parsed) {
                try {
                    place.keep(anchor);
                } catch (IOException e) {
                    return new Report(false, List.of("pulseplane: " + place + " does not take the anchor: " + e));
                }
            }
            return new Report(
                    true, List.of("anchored: record " + anchor.lastRecord() + " with digest " + anchor.digest()));
        } catch (PlaneException | IllegalArgumentException failure) {
            return new Report(false, List.of("pulseplane: " + failure.getMessage()));
        }
    }

    private static List<String> describe(VerificationResult.Intact intact, Path directory, Optional<Path> anchors) {
        var lines = new ArrayList<String>();
        lines.add("intact: " + intact.records() + " records in " + intact.segments() + " segments");
        lines.add("ends with " + intact.digest() + "; kept elsewhere, it tells this trail from an older copy of it");
        if (anchors.isPresent()) {
            lines.add("anchored: the trail has " + intact.anchors() + " of the ends that were kept in " + anchors.get()
                    + "; older ones are in segments that were removed after their retention");
        }
        if (Files.exists(directory.resolve("node.key"))) {
            lines.add("worth: the signing key is in this directory, so whoever can read it could have written the"
                    + " trail anew; pulseplane.audit.signing-key-file keeps it elsewhere");
        }
        if (intact.unsignedRecords() > 0) {
            lines.add("not proven: the newest " + intact.unsignedRecords()
                    + " records have no signature yet; a running plane signs them within 50 ms");
        }
        for (var part : intact.unproven()) {
            lines.add("not proven: " + part.records() + " records in "
                    + part.file(new AuditDirectory(directory)).getFileName() + ", found at "
                    + Instant.EPOCH.plus(part.timeUs(), ChronoUnit.MICROS) + " beyond the last signature");
        }
        return lines;
    }

    private static String describe(Finding finding) {
        var kind =
                switch (finding) {
                    case Finding.Altered _ -> "altered";
                    case Finding.Misplaced _ -> "misplaced";
                    case Finding.Truncated _ -> "cut";
                    case Finding.Unchained _ -> "unchained";
                    case Finding.Unanchored _ -> "not as anchored";
                    case Finding.Forged _ -> "forged";
                    case Finding.Missing _ -> "missing";
                };
        var place = finding.file()
                + (finding.line() == 0 ? "" : ", line " + finding.line())
                + (finding.record() == 0 ? "" : ", record " + finding.record());
        return kind + ": " + place + ": expected " + finding.expected() + ", found " + finding.found();
    }
}
