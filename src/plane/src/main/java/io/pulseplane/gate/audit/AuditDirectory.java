package io.pulseplane.gate.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The directory of a trail and the names of its files. Only the owner can read what this class creates. */
public record AuditDirectory(Path path) {

    private static final Pattern SEGMENT = Pattern.compile("audit-([0-9]{20})\\.log");

    private static final Set<PosixFilePermission> PRIVATE_DIRECTORY = PosixFilePermissions.fromString("rwx------");

    public static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    /** A bound for the files that are read whole. They have a few hundred bytes, so a longer one is not genuine. */
    private static final int MAX_SMALL_FILE_BYTES = LineFormat.MAX_BYTES;

    public static AuditDirectory create(Path path) throws IOException {
        Files.createDirectories(path, PosixFilePermissions.asFileAttribute(PRIVATE_DIRECTORY));
        Files.setPosixFilePermissions(path, PRIVATE_DIRECTORY);
        return new AuditDirectory(path);
    }

    public Path segmentFile(long number) {
        return path.resolve("audit-%020d.log".formatted(number));
    }

    public Path headFile() {
        return path.resolve("head");
    }

    public Path retiredFile() {
        return path.resolve("retired");
    }

    /** The numbers of the segments in the directory. */
    public NavigableSet<Long> segmentNumbers() throws IOException {
        var numbers = new TreeSet<Long>();
        try (var files = Files.newDirectoryStream(path)) {
            for (var file : files) {
                var name = SEGMENT.matcher(file.getFileName().toString());
                // A number of 20 digits does not fit into a long; no plane writes one.
                if (name.matches() && name.group(1).startsWith("0")) {
                    numbers.add(Long.parseLong(name.group(1)));
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return numbers;
    }

    /** The text of a small file, one character per byte; empty if there is no such file. */
    public static Optional<String> read(Path file) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            var bytes = ByteBuffer.allocate(MAX_SMALL_FILE_BYTES);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // Reads until the end of the file, or until the bound.
            }
            return Optional.of(new String(bytes.array(), 0, bytes.position(), StandardCharsets.ISO_8859_1));
        } catch (NoSuchFileException _) {
            return Optional.empty();
        }
    }

    /** Replaces a file atomically: after a power cut there is the old text or the new one. */
    public static void replace(Path file, String text) throws IOException {
        var newFile = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(newFile);
        try (var channel = FileChannel.open(
                newFile, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), PRIVATE_FILE)) {
            var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(newFile, file, StandardCopyOption.ATOMIC_MOVE);
        sync(file.toAbsolutePath().getParent());
    }

    public void sync() throws IOException {
        sync(path);
    }

    private static void sync(Path directory) throws IOException {
        try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
