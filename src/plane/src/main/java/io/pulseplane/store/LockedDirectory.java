package io.pulseplane.store;

import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** A directory that one plane at a time has open: the file {@code lock} in it keeps a second one out. */
public final class LockedDirectory implements AutoCloseable {

    private final Path path;
    private final FileChannel lock;

    private LockedDirectory(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Takes a directory, and makes it, for its owner alone, if it is not there. Of one that is there its owner has decided.
     *
     * @param what what it is called in messages, as "data directory"
     * @throws PlaneException.FailedPrecondition if another plane has it
     * @throws PlaneException.Unavailable if it cannot be written to
     */
    public static LockedDirectory acquire(Path path, String what) {
        try {
            createForOwnerOnly(path);
            var channel = FileChannel.open(path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (tryLock(channel)) {
                return new LockedDirectory(path, channel);
            }
            channel.close();
            throw new PlaneException.FailedPrecondition("another plane has the " + what + " open");
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the " + what + " cannot be written to", e);
        }
    }

    private static void createForOwnerOnly(Path path) throws IOException {
        if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.createDirectories(
                    path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectories(path);
        }
    }

    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException _) {
            // Somebody in this very process has it, which is no better.
            return false;
        }
    }

    public Path path() {
        return path;
    }

    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            System.getLogger(LockedDirectory.class.getName()).log(Level.WARNING, "The lock was not released", e);
        }
    }
}
