package io.pulseplane.store.edge.backup;

import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.Arrays;

/**
 * The files of a database as one commit left them, while a plane goes on writing.
 *
 * <p>A transaction that reads keeps checkpoints from copying later pages into the database. So the database and the
 * part of its write-ahead log up to that commit are the state of that commit, whatever the database has of the log
 * already. If the log begins anew meanwhile, then the database had all of it, and stays as it is: then the log is not
 * needed. See https://www.sqlite.org/walformat.html.
 *
 * <p>The process that makes a snapshot must not be a plane: when it closes the files, the operating system takes away
 * all locks that the process has on them, and SQLite relies on its own.
 */
final class DatabaseSnapshot implements AutoCloseable {

    private static final int LOG_HEADER_BYTES = 32;
    private static final int FRAME_HEADER_BYTES = 24;
    private static final int SALT_BYTES = 8;

    /** Offsets in the header of the log. */
    private static final int PAGE_SIZE_AT = 8;

    private static final int SALT_AT = 16;

    /** Offsets in the header of a frame. The size is that of the database if the frame ends a commit, otherwise 0. */
    private static final int FRAME_COMMIT_AT = 4;

    private static final int FRAME_SALT_AT = 8;

    private final FileChannel file;
    private final FileChannel log;
    private final SqliteSession session;
    private final long fileBytes;
    private final long salt;
    private final long logBytes;

    private DatabaseSnapshot(FileChannel file, FileChannel log, SqliteSession session, Database database)
            throws IOException, SQLException {
        this.file = file;
        this.log = log;
        this.session = session;
        // Nothing can be committed until the transaction that reads has begun: a few reads, and no sync.
        try (var writer = database.openForWriting()) {
            writer.execute("BEGIN IMMEDIATE");
            session.execute("BEGIN");
            session.pragma("user_version");
            fileBytes = file.size();
            salt = salt();
            logBytes = committedLogBytes();
            writer.execute("ROLLBACK");
        }
    }

    static DatabaseSnapshot take(Path databaseFile) throws IOException, SQLException {
        var database = new Database(databaseFile);
        // While a session is open the log is not deleted, and the files must be closed after all sessions.
        var session = database.openForReading();
        session.pragma("user_version");
        FileChannel file = null;
        FileChannel log = null;
        try {
            file = FileChannel.open(databaseFile, StandardOpenOption.READ);
            var logFile = Path.of(databaseFile + "-wal");
            log = Files.exists(logFile) ? FileChannel.open(logFile, StandardOpenOption.READ) : null;
            return new DatabaseSnapshot(file, log, session, database);
        } catch (IOException | SQLException | RuntimeException e) {
            close(session, file, log);
            throw e;
        }
    }

    /** A session in a transaction that reads this state. */
    SqliteSession session() {
        return session;
    }

    FileChannel file() {
        return file;
    }

    /** How much of the file belongs to this state. */
    long fileBytes() {
        return fileBytes;
    }

    FileChannel log() {
        return log;
    }

    /** How much of the log belongs to this state. */
    long logBytes() {
        return logBytes;
    }

    /** Whether the log is still the one of this state. Ask after it was read: if not, the file is the state. */
    boolean isLogCurrent() throws IOException {
        return logBytes > 0 && salt() == salt;
    }

    private long salt() throws IOException {
        return log == null || log.size() < LOG_HEADER_BYTES
                ? 0
                : read(SALT_AT, SALT_BYTES).getLong(0);
    }

    /** Frames with the salt of the log are its beginning; what follows is left over from an earlier log. */
    private long committedLogBytes() throws IOException {
        if (log == null || log.size() < LOG_HEADER_BYTES) {
            return 0;
        }
        long frameBytes =
                FRAME_HEADER_BYTES + (long) read(PAGE_SIZE_AT, Integer.BYTES).getInt(0);
        long first = 0;
        long end = (log.size() - LOG_HEADER_BYTES) / frameBytes;
        while (first < end) {
            long middle = (first + end) >>> 1;
            if (read(LOG_HEADER_BYTES + middle * frameBytes + FRAME_SALT_AT, SALT_BYTES)
                            .getLong(0)
                    == salt) {
                first = middle + 1;
            } else {
                end = middle;
            }
        }
        // What follows the last commit was rolled back, and may be overwritten.
        while (first > 0
                && read(LOG_HEADER_BYTES + (first - 1) * frameBytes + FRAME_COMMIT_AT, Integer.BYTES)
                                .getInt(0)
                        == 0) {
            first--;
        }
        return first == 0 ? 0 : LOG_HEADER_BYTES + first * frameBytes;
    }

    private ByteBuffer read(long position, int bytes) throws IOException {
        var buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            if (log.read(buffer, position + buffer.position()) < 0) {
                break;
            }
        }
        return buffer;
    }

    @Override
    public void close() throws IOException, SQLException {
        close(session, file, log);
    }

    /** Closes the session first. */
    private static void close(SqliteSession session, FileChannel file, FileChannel log)
            throws IOException, SQLException {
        try {
            session.close();
        } finally {
            for (var channel : Arrays.asList(log, file)) {
                if (channel != null) {
                    channel.close();
                }
            }
        }
    }
}
