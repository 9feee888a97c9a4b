package io.pulseplane.gate.audit.anchoring;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.SignatureCheck;
import io.pulseplane.gate.audit.SignedHead;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.PublicKey;

/**
 * The signed end of a trail at some time. Kept elsewhere, it proves that the trail of that time is part of a later one.
 *
 * @param lastRecord number of the last record up to there
 * @param digest of all of the trail up to there
 * @param line as it is kept: the signed head, in JSON
 */
public record Anchor(long lastRecord, String digest, String line) {

    /**
     * Reads the head of a trail. A plane may write the trail meanwhile.
     *
     * @throws PlaneException.FailedPrecondition if there is no head, or none that this key signed
     * @throws PlaneException.Unavailable if it cannot be read
     */
    public static Anchor take(Path directory, PublicKey key) {
        var file = new AuditDirectory(directory).headFile();
        try (var channel = PrivateFiles.open(file, StandardOpenOption.READ)) {
            // After a power cut, the trail must reach at least as far as any anchor of it.
            channel.force(false);
            var text = AuditDirectory.read(file).orElse("");
            return SignedHead.parse(text, new SignatureCheck(key))
                    .map(head -> new Anchor(head.lastRecord(), head.digest(), text.strip()))
                    .orElseThrow(() -> new PlaneException.FailedPrecondition(
                            "the head of the audit trail is none that this key signed; verify the trail"));
        } catch (NoSuchFileException e) {
            throw new PlaneException.FailedPrecondition("the audit trail has no head; verify it");
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the head of the audit trail cannot be read", e);
        }
    }
}
