package io.pulseplane.store.edge.sqlite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;

/**
 * SQLite, which is native code and part of this program's file: it is put into the data directory, loaded, and taken away
 * again. The driver alone would put it among the temporary files under a new name at every start, compare it byte by byte,
 * and leave it there for good when the plane is killed.
 */
public final class NativeLibrary {

    /** Where the driver looks first. Set by an operator, it is left alone; set here, the library is loaded. */
    private static final String LIBRARY_PATH_PROPERTY = "org.sqlite.lib.path";

    private static final String LIBRARY_NAME_PROPERTY = "org.sqlite.lib.name";
    private static final String LIBRARY_FILE = "sqlite.so";

    /** Where the driver looks for copies that others left, file by file, before it loads its own. */
    private static final String TEMP_DIRECTORY_PROPERTY = "org.sqlite.tmpdir";

    /** A library is loaded once, whatever is opened with it. */
    private static final AtomicBoolean LOAD_ATTEMPTED = new AtomicBoolean();

    /** Of this machine's kind, which the driver finds out by looking at every file that is mapped. */
    private static final String LIBRARY_RESOURCE =
            LibraryLoaderUtil.getNativeLibResourcePath() + "/" + LibraryLoaderUtil.getNativeLibName();

    private NativeLibrary() {}

    /** Where it does not work, on a disk that is full or mounted noexec, the driver's own way is left. */
    public static synchronized void loadInto(Path directory) {
        if (System.getProperty(LIBRARY_PATH_PROPERTY) != null || LOAD_ATTEMPTED.getAndSet(true)) {
            return;
        }
        var file = directory.resolve(LIBRARY_FILE).toAbsolutePath();
        // This one leaves none; among the temporary files of a busy machine it would look for milliseconds.
        boolean looksHere = System.getProperty(TEMP_DIRECTORY_PROPERTY) == null;
        if (looksHere) {
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
            // The first connection says what is wrong, if the driver's own way is closed, too.
        } finally {
            // Somebody else's copy of the driver, by another class loader, is not to look for what is gone.
            System.clearProperty(LIBRARY_PATH_PROPERTY);
            System.clearProperty(LIBRARY_NAME_PROPERTY);
            if (looksHere) {
                System.clearProperty(TEMP_DIRECTORY_PROPERTY);
            }
            remove(file);
        }
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException _) {
            // It is written over at the next start.
        }
    }
}
