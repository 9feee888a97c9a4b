package io.pulseplane.store;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.files.PrivateFiles.Access;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A directory that only one plane at a time can open. A lock on the file {@code lock} in it excludes a second plane.
 */
public final class LockedDirectory implements AutoCloseable {

    private final Path path;
    private final FileChannel lock;

    private LockedDirectory(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /** Locks a directory that nobody but its owner may read, as {@link #acquire(Path, String, Access)} does. */
    public static LockedDirectory acquire(Path path, String name) {
        return acquire(path, name, Access.OWNER);
    }

    /**
     * Locks a directory. If the directory does not exist, the method creates it with access for its owner alone. The
     * permissions of an existing directory stay as they are.
     *
     * @param name the name of the directory in messages, such as "data directory"
     * @param access who besides the owner may read the directory
     * @throws PlaneException.FailedPrecondition if another plane has the directory open, if others may read or change
     *     it, or if the file {@code lock} is a link
     * @throws PlaneException.Unavailable if the plane cannot write to the directory
     */
    public static LockedDirectory acquire(Path path, String name, Access access) {
        try {
            PrivateFiles.createDirectories(path);
            PrivateFiles.requirePrivateDirectory(path, name, access);
            var file = path.resolve("lock");
            if (Files.isSymbolicLink(file)) {
                throw new PlaneException.FailedPrecondition(
                        "the file lock in the " + name + " must be a file, and no link: " + file);
            }
            var channel = PrivateFiles.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            PrivateFiles.tighten(file);
            if (tryLock(channel)) {
                return new LockedDirectory(path, channel);
            }
            channel.close();
            throw new PlaneException.FailedPrecondition("another plane has the " + name + " open");
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the " + name + " cannot be written to", e);
        }
    }

    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException _) {
            // Another plane in this process has the lock.
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
