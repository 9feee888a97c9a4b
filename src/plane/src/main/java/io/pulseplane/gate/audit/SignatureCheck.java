package io.pulseplane.gate.audit;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.util.HexFormat;

/** Checks the signatures of lines with the node's public key. */
public record SignatureCheck(PublicKey key) {

    /** Whether the line has a valid signature of everything before it. */
    public boolean covers(String line) {
        int signedLength = line.lastIndexOf(LineFormat.SIGNATURE);
        int from = signedLength + LineFormat.SIGNATURE.length();
        int to = line.length() - LineFormat.END.length();
        if (signedLength < 0 || from > to) {
            return false;
        }
        try {
            var signature = Signature.getInstance(SigningKey.ALGORITHM);
            signature.initVerify(key);
            signature.update(line.substring(0, signedLength).getBytes(StandardCharsets.UTF_8));
            return signature.verify(HexFormat.of().parseHex(line, from, to));
        } catch (GeneralSecurityException | IllegalArgumentException _) {
            return false; // The key is of another kind, or the text is no signature.
        }
    }
}
