package io.pulseplane.gate.audit;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.files.PrivateFiles.Access;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The directory of a trail and the names of its files. Only the owner can read what this class creates. */
public record AuditDirectory(Path path) {

    private static final Pattern SEGMENT = Pattern.compile("audit-([0-9]{20})\\.log");

    private static final Pattern UNPROVEN = Pattern.compile("unproven-([0-9]{20})-[0-9]{20}-[0-9]{3}\\.log");

    /** A bound for the files that are read whole. They have a few hundred bytes, so a longer one is not genuine. */
    private static final int MAX_SMALL_FILE_BYTES = LineFormat.MAX_BYTES;

    private static final int COPY_BYTES = 64 << 10;

    /** Makes the directory, or refuses one that others can read or change. */
    public static AuditDirectory create(Path path, Access access) throws IOException {
        PrivateFiles.createDirectories(path);
        PrivateFiles.requirePrivateDirectory(path, "directory of the audit trail", access);
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
        return new TreeSet<>(files(SEGMENT).values());
    }

    /** Whether the file is a segment by its name, and not a part that no signature proved. */
    public boolean isSegment(Path file) {
        return SEGMENT.matcher(file.getFileName().toString()).matches();
    }

    /** The files of parts that no signature proved, in the order of the trail, with the numbers of their segments. */
    public NavigableMap<Path, Long> unprovenFiles() throws IOException {
        return files(UNPROVEN);
    }

    private NavigableMap<Path, Long> files(Pattern pattern) throws IOException {
        var numbers = new TreeMap<Path, Long>();
        try (var files = Files.newDirectoryStream(path)) {
            for (var file : files) {
                var name = pattern.matcher(file.getFileName().toString());
                // A number of 20 digits does not fit into a long; no plane writes one.
                if (name.matches() && name.group(1).startsWith("0")) {
                    numbers.put(file, Long.parseLong(name.group(1)));
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return numbers;
    }

    /** The file with a part that no signature proved, found after this offset of a segment. */
    public Path unprovenFile(long segment, long offset, int part) {
        return path.resolve(unprovenPrefix(segment, offset) + "%03d.log".formatted(part));
    }

    /** How the names of the files begin that were found after this offset of a segment. */
    public static String unprovenPrefix(long segment, long offset) {
        return "unproven-%020d-%020d-".formatted(segment, offset);
    }

    /** The text of a small file, one character per byte; empty if there is no such file. */
    public static Optional<String> read(Path file) throws IOException {
        try (var channel = PrivateFiles.open(file, StandardOpenOption.READ)) {
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
        replace(file, Channels.newChannel(new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1))));
    }

    /** Replaces a file atomically with what the source has from its position to its end. */
    public static void replace(Path file, ReadableByteChannel source) throws IOException {
        var newFile = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(newFile);
        try (var channel = PrivateFiles.open(newFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            var bytes = ByteBuffer.allocate(COPY_BYTES);
            while (source.read(bytes.clear()) >= 0) {
                bytes.flip();
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
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
