package io.pulseplane.gate.audit;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.util.HexFormat;

/** Checks the lines that a node signed. */
record SignatureCheck(PublicKey key) {

    /** Whether the signature in this line covers what stands before it. */
    boolean covers(String line) {
        int end = line.lastIndexOf(LineFormat.SIGNATURE);
        int from = end + LineFormat.SIGNATURE.length();
        int to = line.length() - LineFormat.END.length();
        if (end < 0 || from > to) {
            return false;
        }
        try {
            var signature = Signature.getInstance(SigningKey.ALGORITHM);
            signature.initVerify(key);
            signature.update(line.substring(0, end).getBytes(StandardCharsets.UTF_8));
            return signature.verify(HexFormat.of().parseHex(line, from, to));
        } catch (GeneralSecurityException | IllegalArgumentException _) {
            return false; // Another kind of key, or nothing that is a signature.
        }
    }
}
