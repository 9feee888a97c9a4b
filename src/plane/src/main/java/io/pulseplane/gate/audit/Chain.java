package io.pulseplane.gate.audit;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The digest that goes over the log: each step covers the step before and the bytes since. */
final class Chain {

    /** Where the first segment begins. */
    static final String GENESIS = "0".repeat(64);

    private final MessageDigest sha256;

    private Chain(MessageDigest sha256) {
        this.sha256 = sha256;
    }

    static Chain after(String previous) {
        try {
            var chain = new Chain(MessageDigest.getInstance("SHA-256"));
            chain.restart(previous);
            return chain;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    void cover(byte[] bytes, int from, int length) {
        sha256.update(bytes, from, length);
    }

    /** Ends a step, and begins the next. */
    String step() {
        var digest = HexFormat.of().formatHex(sha256.digest());
        restart(digest);
        return digest;
    }

    void restart(String previous) {
        sha256.reset();
        sha256.update(HexFormat.of().parseHex(previous));
    }
}
