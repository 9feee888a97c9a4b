package io.pulseplane.store.edge.sqlite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;

/**
 * Loads SQLite's native library, which is part of this program's file: copies it into the data directory, loads it, and
 * deletes the copy. The driver by itself would copy it to the temporary directory under a new name at every start,
 * compare the copy byte by byte, and leave it there when the plane is killed.
 */
public final class NativeLibrary {

    /** Where the driver looks first. If an operator has set it, this class does nothing. */
    private static final String LIBRARY_PATH_PROPERTY = "org.sqlite.lib.path";

    private static final String LIBRARY_NAME_PROPERTY = "org.sqlite.lib.name";
    private static final String LIBRARY_FILE = "sqlite.so";

    /** Where the driver looks for copies that other processes left, file by file, before it loads its own. */
    private static final String TEMP_DIRECTORY_PROPERTY = "org.sqlite.tmpdir";

    /** A process loads the library once, however many stores it opens. */
    private static final AtomicBoolean LOAD_ATTEMPTED = new AtomicBoolean();

    /** The library for this machine. The driver finds out its name from the files that are mapped into the process. */
    private static final String LIBRARY_RESOURCE =
            LibraryLoaderUtil.getNativeLibResourcePath() + "/" + LibraryLoaderUtil.getNativeLibName();

    private NativeLibrary() {}

    /**
     * Loads the library by way of a copy in the directory. If that fails, because the disk is full or mounted noexec,
     * the driver loads the library in its own way at the first connection.
     */
    public static synchronized void loadInto(Path directory) {
        if (System.getProperty(LIBRARY_PATH_PROPERTY) != null || LOAD_ATTEMPTED.getAndSet(true)) {
            return;
        }
        var file = directory.resolve(LIBRARY_FILE).toAbsolutePath();
        // The driver looks through this directory for old copies. Among many temporary files that would take
        // milliseconds.
        boolean setsTempDirectory = System.getProperty(TEMP_DIRECTORY_PROPERTY) == null;
        if (setsTempDirectory) {
            System.setProperty(TEMP_DIRECTORY_PROPERTY, file.getParent().toString());
        }
        try (var library = SQLiteJDBCLoader.class.getResourceAsStream(LIBRARY_RESOURCE)) {
            if (library == null) {
                return;
            }
            try (var copy = Files.newOutputStream(file)) {
                library.transferTo(copy);
            }
            System.setProperty(LIBRARY_PATH_PROPERTY, file.getParent().toString());
            System.setProperty(LIBRARY_NAME_PROPERTY, LIBRARY_FILE);
            SQLiteJDBCLoader.initialize();
        } catch (Exception _) {
            // If the driver cannot load the library either, the first connection fails and says why.
        } finally {
            // A second copy of the driver, of another class loader, must not look for a file that is deleted.
            System.clearProperty(LIBRARY_PATH_PROPERTY);
            System.clearProperty(LIBRARY_NAME_PROPERTY);
            if (setsTempDirectory) {
                System.clearProperty(TEMP_DIRECTORY_PROPERTY);
            }
            remove(file);
        }
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException _) {
            // The next start overwrites it.
        }
    }
}
