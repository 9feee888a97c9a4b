package io.pulseplane.store.edge;

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
final class NativeLibrary {

    /** Where the driver looks first. Set by an operator, it is left alone; set here, the library is loaded. */
    private static final String PATH = "org.sqlite.lib.path";

    private static final String NAME = "org.sqlite.lib.name";
    private static final String FILE = "sqlite.so";

    /** Where the driver looks for copies that others left, file by file, before it loads its own. */
    private static final String LEFT_BEHIND = "org.sqlite.tmpdir";

    /** A library is loaded once, whatever is opened with it. */
    private static final AtomicBoolean TRIED = new AtomicBoolean();

    /** Of this machine's kind, which the driver finds out by looking at every file that is mapped. */
    private static final String RESOURCE =
            LibraryLoaderUtil.getNativeLibResourcePath() + "/" + LibraryLoaderUtil.getNativeLibName();

    private NativeLibrary() {}

    /** Where it does not work, on a disk that is full or mounted noexec, the driver's own way is left. */
    static synchronized void load(Path directory) {
        if (System.getProperty(PATH) != null || TRIED.getAndSet(true)) {
            return;
        }
        var file = directory.resolve(FILE).toAbsolutePath();
        // This one leaves none; among the temporary files of a busy machine it would look for milliseconds.
        boolean looksHere = System.getProperty(LEFT_BEHIND) == null;
        if (looksHere) {
            System.setProperty(LEFT_BEHIND, file.getParent().toString());
        }
        try (var library = SQLiteJDBCLoader.class.getResourceAsStream(RESOURCE)) {
            if (library == null) {
                return;
            }
            try (var copy = Files.newOutputStream(file)) {
                library.transferTo(copy);
            }
            System.setProperty(PATH, file.getParent().toString());
            System.setProperty(NAME, FILE);
            SQLiteJDBCLoader.initialize();
        } catch (Exception _) {
            // The first connection says what is wrong, if the driver's own way is closed, too.
        } finally {
            // Somebody else's copy of the driver, by another class loader, is not to look for what is gone.
            System.clearProperty(PATH);
            System.clearProperty(NAME);
            if (looksHere) {
                System.clearProperty(LEFT_BEHIND);
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
