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
    private static final Duration TIMESTAMP_GRANULARITY = Duration.ofSeconds(2);

    private final Path directory;
    private FileState lastState;

    /** A file whose bytes are not those seen last. */
    record ChangedFile(Path file, byte[] bytes) {}

    private record FileState(Path file, FileTime time, long size, Object fileKey, byte[] digest, Instant readAt) {

        boolean isUnchanged(Path other, BasicFileAttributes attributes) {
            return file.equals(other)
                    && time.equals(attributes.lastModifiedTime())
                    && size == attributes.size()
                    && (fileKey == null || fileKey.equals(attributes.fileKey()))
                    && time.toInstant().plus(TIMESTAMP_GRANULARITY).isBefore(readAt);
        }
    }

    FileWatch(Path directory) {
        this.directory = directory;
    }

    /** The file if it changed since it was last asked for, null if it did not. */
    ChangedFile poll() throws IOException {
        var file = PolicyFile.locate(directory);
        var attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (lastState != null && lastState.isUnchanged(file, attributes)) {
            return null;
        }
        var now = Instant.now();
        var bytes = PolicyFile.readBytes(file);
        var digest = digest(bytes);
        var same = lastState != null && lastState.file.equals(file) && Arrays.equals(lastState.digest, digest);
        lastState = new FileState(
                file, attributes.lastModifiedTime(), attributes.size(), attributes.fileKey(), digest, now);
        return same ? null : new ChangedFile(file, bytes);
    }

    private static byte[] digest(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
