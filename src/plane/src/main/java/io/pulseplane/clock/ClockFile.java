package io.pulseplane.clock;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.OptionalLong;

/**
 * A file with one time, in microseconds since the epoch, as decimal text.
 *
 * <p>A time that cannot be read counts as absent: the file helps to doubt a clock, and must never keep a plane from
 * starting. The file is replaced as a whole, and is not synced: after a power cut the time may be an older one.
 */
record ClockFile(Path path) {

    private static final System.Logger LOG = System.getLogger(ClockFile.class.getName());

    /** The digits of a long, a sign and the end of the line. */
    private static final int MAX_BYTES = 21;

    OptionalLong read() {
        try {
            if (Files.size(path) <= MAX_BYTES) {
                return OptionalLong.of(Long.parseLong(
                        Files.readString(path, StandardCharsets.US_ASCII).strip()));
            }
            LOG.log(Level.WARNING, "{0} is not a time, and is ignored", path);
        } catch (NoSuchFileException _) {
            // A new directory.
        } catch (IOException | NumberFormatException _) {
            LOG.log(Level.WARNING, "{0} cannot be read, and is ignored", path);
        }
        return OptionalLong.empty();
    }

    void write(long micros) throws IOException {
        var temporary = path.resolveSibling(path.getFileName() + ".new");
        Files.deleteIfExists(temporary);
        if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.createFile(
                    temporary, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        Files.writeString(temporary, Long.toString(micros) + '\n', StandardCharsets.US_ASCII);
        Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
    }

    void delete() throws IOException {
        Files.deleteIfExists(path);
    }
}
