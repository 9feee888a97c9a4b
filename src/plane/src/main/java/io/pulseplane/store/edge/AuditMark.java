package io.pulseplane.store.edge;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * The file {@code store.id} in the directory of an audit trail. It names the store whose accesses the trail records.
 */
final class AuditMark {

    static final String FILE = "store.id";

    private static final int MAX_BYTES = 100;

    private AuditMark() {}

    /**
     * Checks the mark, and writes it if there is none yet.
     *
     * @param isExpected whether it was written before
     * @return whether it was written now
     */
    static boolean claim(Path directory, String storeId, boolean isExpected) {
        var file = directory.resolve(FILE);
        try {
            if (Files.exists(file)) {
                requireSame(file, storeId);
                return !isExpected;
            }
            if (isExpected) {
                throw new PlaneException.FailedPrecondition(
                        "the audit trail of this store is not in its directory: put it back, or run `pulseplane store"
                                + " adopt` to begin a new one");
            }
            write(directory, storeId);
            return true;
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the directory of the audit trail cannot be read or written", e);
        }
    }

    /** Makes the directory that of another store. */
    static void replace(Path directory, String storeId) {
        try {
            write(directory, storeId);
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the directory of the audit trail cannot be written", e);
        }
    }

    private static void write(Path directory, String storeId) throws IOException {
        PrivateFiles.createDirectories(directory);
        // A power cut leaves the whole mark, or none.
        var partial = directory.resolve(FILE + ".new");
        Files.deleteIfExists(partial);
        try (var channel = PrivateFiles.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap((storeId + "\n").getBytes(StandardCharsets.US_ASCII)));
            channel.force(true);
        }
        Files.move(partial, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        PrivateFiles.syncDirectory(directory);
    }

    private static void requireSame(Path file, String storeId) throws IOException {
        if (Files.size(file) > MAX_BYTES
                || !Files.readString(file, StandardCharsets.ISO_8859_1).strip().equals(storeId)) {
            throw new PlaneException.FailedPrecondition(
                    "the audit trail in this directory is that of another store: put the right one back");
        }
    }
}
