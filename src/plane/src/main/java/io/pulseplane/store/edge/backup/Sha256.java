package io.pulseplane.store.edge.backup;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/** Digests of blocks, files and texts. */
final class Sha256 {

    static final int BYTES = 32;

    private static final String SEAL = "sha256 ";

    private Sha256() {}

    static MessageDigest create() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    static String hex(byte[] content) {
        return HexFormat.of().formatHex(create().digest(content));
    }

    /** Adds a last line with the digest of the lines before. */
    static byte[] withDigest(String lines) {
        var bytes = lines.getBytes(StandardCharsets.UTF_8);
        return (lines + SEAL + hex(bytes) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** The lines before the one with the digest; empty if the content is not as it was written. */
    static Optional<String> withoutDigest(byte[] content) {
        var text = new String(content, StandardCharsets.UTF_8);
        int end = text.lastIndexOf(SEAL);
        if (end < 0) {
            return Optional.empty();
        }
        var lines = text.substring(0, end);
        return Arrays.equals(content, withDigest(lines)) ? Optional.of(lines) : Optional.empty();
    }
}
