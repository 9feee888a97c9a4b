package io.pulseplane.files;

import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Set;

/**
 * Makes files and directories that only their owner can read and write, and refuses those that others can.
 *
 * <p>The owner must be the user of this process or root. A plane that runs as root must not trust a file of another
 * user either: that user chose its content. Where the file system has no POSIX permissions, nothing is checked.
 */
public final class PrivateFiles {

    public static final Set<PosixFilePermission> DIRECTORY_MODE = PosixFilePermissions.fromString("rwx------");
    public static final Set<PosixFilePermission> FILE_MODE = PosixFilePermissions.fromString("rw-------");

    private static final Set<PosixFilePermission> GROUP_MAY =
            Set.of(PosixFilePermission.GROUP_READ, PosixFilePermission.GROUP_EXECUTE);

    /** On Linux, its owner is the user of this process, also where that user has no name. */
    private static final Path THIS_PROCESS = Path.of("/proc/self");

    private PrivateFiles() {}

    /** Who besides the owner may read a directory. */
    public enum Access {
        OWNER,
        GROUP
    }

    public static boolean hasModes(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /**
     * Makes the directory, and those above it, if they do not exist. Their names are as durable as what is synced in
     * them later.
     */
    public static void createDirectories(Path directory) throws IOException {
        var path = directory.toAbsolutePath();
        var existing = path;
        while (existing != null && !Files.isDirectory(existing)) {
            existing = existing.getParent();
        }
        if (hasModes(path)) {
            Files.createDirectories(path, PosixFilePermissions.asFileAttribute(DIRECTORY_MODE));
        } else {
            Files.createDirectories(path);
        }
        for (var made = path; made != null && !made.equals(existing); made = made.getParent()) {
            syncDirectory(made.getParent());
        }
    }

    /** Syncs a directory, so that a new or renamed file keeps its name after a power loss. */
    public static void syncDirectory(Path directory) throws IOException {
        try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Makes an empty file if there is none, and takes from others what they may do with one that exists. */
    public static void createOrTighten(Path file) throws IOException {
        try {
            Files.createFile(file, fileMode(file));
        } catch (FileAlreadyExistsException _) {
            tighten(file);
        }
    }

    /** Takes from others what they may do with a file, if it exists. */
    public static void tighten(Path file) throws IOException {
        try {
            if (hasModes(file)
                    && !FILE_MODE.containsAll(Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS))) {
                Files.setPosixFilePermissions(file, FILE_MODE);
            }
        } catch (NoSuchFileException _) {
            // There is nothing to take.
        }
    }

    /** Opens a file, and makes it for its owner only if the options say so. A link in its place is refused. */
    public static FileChannel open(Path file, StandardOpenOption... options) throws IOException {
        var all = new HashSet<OpenOption>(Set.of(options));
        all.add(LinkOption.NOFOLLOW_LINKS);
        return FileChannel.open(file, all, fileMode(file));
    }

    private static FileAttribute<?>[] fileMode(Path file) {
        return hasModes(file)
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(FILE_MODE)}
                : new FileAttribute<?>[0];
    }

    /**
     * Refuses a directory that others can read or change.
     *
     * @param name of the directory in the message, such as "data directory"
     * @throws PlaneException.FailedPrecondition with the command that mends it
     */
    public static void requirePrivateDirectory(Path directory, String name, Access access) throws IOException {
        if (!hasModes(directory)) {
            return;
        }
        var attributes = Files.readAttributes(directory, PosixFileAttributes.class);
        var others = new HashSet<>(attributes.permissions());
        others.removeAll(DIRECTORY_MODE);
        if (access == Access.GROUP) {
            others.removeAll(GROUP_MAY);
        }
        requireOwner(directory, name, attributes);
        if (!others.isEmpty()) {
            throw tooOpen(directory, name, attributes, access == Access.GROUP ? "750" : "700");
        }
    }

    /**
     * Refuses a file that others can read or write, or that is a link.
     *
     * @param name of the file in the message, such as "signing key"
     * @throws PlaneException.FailedPrecondition with the command that mends it
     */
    public static void requirePrivateFile(Path file, String name) throws IOException {
        if (!hasModes(file)) {
            return;
        }
        var attributes = Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isRegularFile()) {
            throw new PlaneException.FailedPrecondition("the " + name + " " + file + " must be a file, and no link");
        }
        requireOwner(file, name, attributes);
        if (!FILE_MODE.containsAll(attributes.permissions())) {
            throw tooOpen(file, name, attributes, "600");
        }
    }

    private static void requireOwner(Path path, String name, PosixFileAttributes attributes) throws IOException {
        if (!isOwnOrRoots(path)) {
            throw new PlaneException.FailedPrecondition("the " + name + " " + path + " belongs to "
                    + attributes.owner().getName() + ", and not to the user of this process: chown it");
        }
    }

    /** Whether the owner is the user of this process, or root. A link is followed. */
    public static boolean isOwnOrRoots(Path path) throws IOException {
        return Files.getAttribute(path, "unix:uid").equals(0)
                || Files.getOwner(path).equals(ownUser(path));
    }

    private static Object ownUser(Path path) throws IOException {
        return Files.exists(THIS_PROCESS)
                ? Files.getOwner(THIS_PROCESS)
                : path.getFileSystem()
                        .getUserPrincipalLookupService()
                        .lookupPrincipalByName(System.getProperty("user.name"));
    }

    private static PlaneException tooOpen(Path path, String name, PosixFileAttributes attributes, String mode) {
        return new PlaneException.FailedPrecondition("others can read or change the " + name + " (mode "
                + PosixFilePermissions.toString(attributes.permissions()) + "): chmod " + mode + " " + path);
    }
}
