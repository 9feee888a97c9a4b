package io.pulseplane.gate.policy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;

/** Tells when the policy's file in a directory is another than it was. For one thread. */
final class FileWatch {

    /** A file that was changed this shortly before it was read may have changed again and show the same time. */
    private static final Duration TIMES_ARE_COARSE = Duration.ofSeconds(2);

    private final Path directory;
    private Seen seen;

    /** A file whose bytes are not those seen last. */
    record Changed(Path file, byte[] bytes) {}

    private record Seen(Path file, FileTime time, long size, Object key, byte[] digest, Instant at) {

        boolean isStill(Path other, BasicFileAttributes attributes) {
            return file.equals(other)
                    && time.equals(attributes.lastModifiedTime())
                    && size == attributes.size()
                    && (key == null || key.equals(attributes.fileKey()))
                    && time.toInstant().plus(TIMES_ARE_COARSE).isBefore(at);
        }
    }

    FileWatch(Path directory) {
        this.directory = directory;
    }

    /** The file if it changed since it was last asked for, null if it did not. */
    Changed changed() throws IOException {
        var file = PolicyFile.in(directory);
        var attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (seen != null && seen.isStill(file, attributes)) {
            return null;
        }
        var now = Instant.now();
        var bytes = PolicyFile.bytes(file);
        var digest = digest(bytes);
        var same = seen != null && seen.file.equals(file) && Arrays.equals(seen.digest, digest);
        seen = new Seen(file, attributes.lastModifiedTime(), attributes.size(), attributes.fileKey(), digest, now);
        return same ? null : new Changed(file, bytes);
    }

    private static byte[] digest(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
