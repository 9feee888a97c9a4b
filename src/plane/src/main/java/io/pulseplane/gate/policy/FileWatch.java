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

/** Finds changes of the policy's file in a directory. For one thread. */
final class FileWatch {

    /** A file that changed less than this before it was read may have changed again without showing a new time. */
    private static final Duration TIMESTAMP_GRANULARITY = Duration.ofSeconds(2);

    private final Path directory;
    private FileState lastState;

    /** A file whose bytes differ from those read last. */
    record ChangedFile(Path file, byte[] bytes) {}

    private record FileState(Path file, FileTime time, long size, Object fileKey, byte[] digest, Instant readAt) {

        boolean isUnchanged(Path file, BasicFileAttributes attributes) {
            return this.file.equals(file)
                    && time.equals(attributes.lastModifiedTime())
                    && size == attributes.size()
                    && (fileKey == null || fileKey.equals(attributes.fileKey()))
                    && time.toInstant().plus(TIMESTAMP_GRANULARITY).isBefore(readAt);
        }
    }

    FileWatch(Path directory) {
        this.directory = directory;
    }

    /** Returns the file if it changed since the last call, and null if it did not. */
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
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
