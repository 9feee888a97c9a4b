package io.pulseplane.gate.audit;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The chain of SHA-256 digests over the trail. Each digest covers the digest before it and all bytes since. */
public final class HashChain {

    /** The digest before the first segment. */
    static final String GENESIS = "0".repeat(64);

    private final MessageDigest sha256;

    private HashChain(MessageDigest sha256) {
        this.sha256 = sha256;
    }

    public static HashChain from(String previous) {
        var chain = ofFile();
        chain.restart(previous);
        return chain;
    }

    /** A chain whose first digest covers the bytes of a file and nothing before them. */
    static HashChain ofFile() {
        try {
            return new HashChain(MessageDigest.getInstance("SHA-256"));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256", e);
        }
    }

    public void update(byte[] bytes, int from, int length) {
        sha256.update(bytes, from, length);
    }

    /** Returns the digest of the bytes since the last one, and starts the next. */
    public String nextDigest() {
        var digest = HexFormat.of().formatHex(sha256.digest());
        restart(digest);
        return digest;
    }

    public void restart(String previous) {
        sha256.reset();
        sha256.update(HexFormat.of().parseHex(previous));
    }
}
