package io.pulseplane.store.edge.disk;

import io.pulseplane.store.edge.RawDatabase;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.sqlite.SQLiteConnection;

/**
 * Stands between SQLite and the disk: tells a listener what SQLite does to files, and lets it fail. It replaces
 * functions of SQLite's own VFS, the table of functions through which SQLite reaches the operating system, for all
 * connections of the process. A new connection finds the table at the first pointer of the structure {@code sqlite3}.
 *
 * <p>See https://www.sqlite.org/c3ref/vfs.html and https://www.sqlite.org/c3ref/io_methods.html.
 */
@SuppressWarnings("restricted")
public final class TracedDisk implements AutoCloseable {

    /** Gets what SQLite is about to do to a file, on the thread that does it. */
    public interface Listener {

        /** @return 0, or the code of the error with which the operation fails without being done */
        int before(Operation operation);
    }

    /** What SQLite does to a file. */
    public sealed interface Operation {
        String file();
    }

    public record Open(String file, boolean creates) implements Operation {}

    public record Delete(String file, boolean syncsDirectory) implements Operation {}

    public record Read(String file, long offset, int length) implements Operation {}

    /** @param bytes in the memory of SQLite, so valid only until the listener returns */
    public record Write(String file, long offset, MemorySegment bytes) implements Operation {}

    public record Truncate(String file, long size) implements Operation {}

    public record Sync(String file) implements Operation {}

    public static final int SQLITE_IOERR_READ = 10 | 1 << 8;
    public static final int SQLITE_IOERR_WRITE = 10 | 3 << 8;
    public static final int SQLITE_IOERR_FSYNC = 10 | 4 << 8;
    public static final int SQLITE_FULL = 13;

    private static final int SQLITE_OPEN_CREATE = 0x4;

    /** Offsets in {@code sqlite3_vfs} where pointers and functions have 8 bytes. */
    private static final long VFS_OPEN = 40;

    private static final long VFS_DELETE = 48;
    private static final long VFS_BYTES = 72;

    /** Offsets in {@code sqlite3_io_methods}. */
    private static final long IO_CLOSE = 8;

    private static final long IO_READ = 16;
    private static final long IO_WRITE = 24;
    private static final long IO_TRUNCATE = 32;
    private static final long IO_SYNC = 40;
    private static final long IO_METHODS_BYTES = 152;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfLong POINTER = ValueLayout.JAVA_LONG;
    private static final FunctionDescriptor OPEN = FunctionDescriptor.of(INT, POINTER, POINTER, POINTER, INT, POINTER);
    private static final FunctionDescriptor DELETE = FunctionDescriptor.of(INT, POINTER, POINTER, INT);
    private static final FunctionDescriptor CLOSE = FunctionDescriptor.of(INT, POINTER);
    private static final FunctionDescriptor READ_OR_WRITE = FunctionDescriptor.of(INT, POINTER, POINTER, INT, LONG);
    private static final FunctionDescriptor TRUNCATE = FunctionDescriptor.of(INT, POINTER, LONG);
    private static final FunctionDescriptor SYNC = FunctionDescriptor.of(INT, POINTER, INT);

    /** Never freed: a connection that is still open at the end of a test may call into it. */
    private static final Arena ARENA = Arena.global();

    private static final AtomicReference<TracedDisk> INSTALLED = new AtomicReference<>();

    private final MemorySegment vfs;
    private final long originalOpen;
    private final long originalDelete;
    private final MethodHandle open;
    private final MethodHandle delete;
    private final Map<Long, Methods> methodsByOriginal = new ConcurrentHashMap<>();
    private final Map<Long, OpenFile> openFiles = new ConcurrentHashMap<>();
    private volatile Listener listener = _ -> 0;

    /** The functions of one kind of file, and the table that replaces them. */
    private record Methods(
            MemorySegment replacement,
            MethodHandle close,
            MethodHandle read,
            MethodHandle write,
            MethodHandle truncate,
            MethodHandle sync) {}

    private record OpenFile(String name, Methods methods) {}

    private TracedDisk(Path scratch) throws SQLException, ReflectiveOperationException {
        vfs = defaultVfs(scratch);
        originalOpen = vfs.get(POINTER, VFS_OPEN);
        originalDelete = vfs.get(POINTER, VFS_DELETE);
        open = function(originalOpen, OPEN);
        delete = function(originalDelete, DELETE);
        vfs.set(POINTER, VFS_OPEN, upcall("onOpen", OPEN));
        vfs.set(POINTER, VFS_DELETE, upcall("onDelete", DELETE));
    }

    /**
     * @param scratch a directory, in which a database is opened for a moment
     * @param listener is called for every operation of every database of the process
     */
    public static TracedDisk install(Path scratch, Listener listener) throws SQLException {
        try {
            var disk = new TracedDisk(scratch);
            if (!INSTALLED.compareAndSet(null, disk)) {
                disk.restore();
                throw new IllegalStateException("another test traces the disk");
            }
            disk.listener = listener;
            return disk;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this version of the driver keeps its pointers elsewhere", e);
        }
    }

    public void listen(Listener newListener) {
        listener = newListener;
    }

    /** New files are no longer traced. Those that are still open are passed through. */
    @Override
    public void close() {
        listener = _ -> 0;
        restore();
        INSTALLED.set(null);
    }

    private void restore() {
        vfs.set(POINTER, VFS_OPEN, originalOpen);
        vfs.set(POINTER, VFS_DELETE, originalDelete);
    }

    private static MemorySegment defaultVfs(Path scratch) throws SQLException, ReflectiveOperationException {
        try (var connection = RawDatabase.connect(scratch.resolve("scratch.db"))) {
            var database = connection.unwrap(SQLiteConnection.class).getDatabase();
            Field field = database.getClass().getDeclaredField("pointer");
            field.setAccessible(true);
            var sqlite3 = MemorySegment.ofAddress(field.getLong(database)).reinterpret(Long.BYTES);
            return MemorySegment.ofAddress(sqlite3.get(POINTER, 0)).reinterpret(VFS_BYTES);
        }
    }

    private static MethodHandle function(long address, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(MemorySegment.ofAddress(address), descriptor);
    }

    private long upcall(String method, FunctionDescriptor descriptor) throws ReflectiveOperationException {
        MethodType type = descriptor.toMethodType();
        var handle = MethodHandles.lookup()
                .findVirtual(TracedDisk.class, method, type)
                .bindTo(this);
        return Linker.nativeLinker().upcallStub(handle, descriptor, ARENA).address();
    }

    private static String text(long address) {
        return address == 0
                ? ""
                : MemorySegment.ofAddress(address).reinterpret(4_096).getString(0);
    }

    private int onOpen(long self, long name, long file, int flags, long outFlags) throws Throwable {
        var path = text(name);
        int refusal = listener.before(new Open(path, (flags & SQLITE_OPEN_CREATE) != 0));
        if (refusal != 0) {
            MemorySegment.ofAddress(file).reinterpret(Long.BYTES).set(POINTER, 0, 0);
            return refusal;
        }
        int result = (int) open.invokeExact(self, name, file, flags, outFlags);
        var header = MemorySegment.ofAddress(file).reinterpret(Long.BYTES);
        if (result == 0 && header.get(POINTER, 0) != 0 && !path.isEmpty()) {
            var methods = methodsByOriginal.computeIfAbsent(header.get(POINTER, 0), this::replace);
            openFiles.put(file, new OpenFile(path, methods));
            header.set(POINTER, 0, methods.replacement.address());
        }
        return result;
    }

    private Methods replace(long address) {
        try {
            var original = MemorySegment.ofAddress(address).reinterpret(IO_METHODS_BYTES);
            var replacement = ARENA.allocate(IO_METHODS_BYTES, Long.BYTES);
            replacement.copyFrom(original);
            replacement.set(POINTER, IO_CLOSE, upcall("onClose", CLOSE));
            replacement.set(POINTER, IO_READ, upcall("onRead", READ_OR_WRITE));
            replacement.set(POINTER, IO_WRITE, upcall("onWrite", READ_OR_WRITE));
            replacement.set(POINTER, IO_TRUNCATE, upcall("onTruncate", TRUNCATE));
            replacement.set(POINTER, IO_SYNC, upcall("onSync", SYNC));
            return new Methods(
                    replacement,
                    function(original.get(POINTER, IO_CLOSE), CLOSE),
                    function(original.get(POINTER, IO_READ), READ_OR_WRITE),
                    function(original.get(POINTER, IO_WRITE), READ_OR_WRITE),
                    function(original.get(POINTER, IO_TRUNCATE), TRUNCATE),
                    function(original.get(POINTER, IO_SYNC), SYNC));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private int onDelete(long self, long name, int syncsDirectory) throws Throwable {
        int refusal = listener.before(new Delete(text(name), syncsDirectory != 0));
        return refusal != 0 ? refusal : (int) delete.invokeExact(self, name, syncsDirectory);
    }

    private int onClose(long file) throws Throwable {
        return (int) openFiles.remove(file).methods.close.invokeExact(file);
    }

    private int onRead(long file, long buffer, int length, long offset) throws Throwable {
        var open = openFiles.get(file);
        int refusal = listener.before(new Read(open.name, offset, length));
        return refusal != 0 ? refusal : (int) open.methods.read.invokeExact(file, buffer, length, offset);
    }

    private int onWrite(long file, long buffer, int length, long offset) throws Throwable {
        var open = openFiles.get(file);
        var bytes = MemorySegment.ofAddress(buffer).reinterpret(length);
        int refusal = listener.before(new Write(open.name, offset, bytes));
        return refusal != 0 ? refusal : (int) open.methods.write.invokeExact(file, buffer, length, offset);
    }

    private int onTruncate(long file, long size) throws Throwable {
        var open = openFiles.get(file);
        int refusal = listener.before(new Truncate(open.name, size));
        return refusal != 0 ? refusal : (int) open.methods.truncate.invokeExact(file, size);
    }

    private int onSync(long file, int flags) throws Throwable {
        var open = openFiles.get(file);
        int refusal = listener.before(new Sync(open.name));
        return refusal != 0 ? refusal : (int) open.methods.sync.invokeExact(file, flags);
    }
}
