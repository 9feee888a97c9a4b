package io.pulseplane.store.edge.salvage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/**
 * The pages of a SQLite file as its last commit left them: those of the write-ahead log before those of the file. A
 * part that the disk does not read is taken as zeros. See https://www.sqlite.org/fileformat.html.
 */
final class PageFile implements AutoCloseable {

    private static final int MIN_PAGE_BYTES = 512;
    private static final int LOG_HEADER_BYTES = 32;
    private static final int FRAME_HEADER_BYTES = 24;
    private static final int LOG_MAGIC = 0x377f0682;

    private final FileChannel database;
    private final FileChannel log;
    private final int pageBytes;
    private final int pages;
    private int damagedFrames;

    /** Where the newest version of a page begins in the log. */
    private final Map<Integer, Long> inLog = new HashMap<>();

    private PageFile(FileChannel database, FileChannel log, int defaultPageBytes) throws IOException {
        this.database = database;
        this.log = log;
        this.pageBytes = pageBytes(defaultPageBytes);
        int inFile = Math.toIntExact((database.size() + pageBytes - 1) / pageBytes);
        this.pages = Math.max(inFile, readLog());
    }

    /** @param defaultPageBytes the size of a page, if the file does not say it any more */
    static PageFile open(Path file, int defaultPageBytes) throws IOException {
        var logFile = Path.of(file + "-wal");
        var database = FileChannel.open(file, StandardOpenOption.READ);
        try {
            var log = Files.exists(logFile) ? FileChannel.open(logFile, StandardOpenOption.READ) : null;
            return new PageFile(database, log, defaultPageBytes);
        } catch (IOException | RuntimeException e) {
            database.close();
            throw e;
        }
    }

    private int pageBytes(int defaultPageBytes) {
        int size = Short.toUnsignedInt(read(database, 16, 2).getShort(0));
        int bytes = size == 1 ? 65_536 : size;
        return bytes >= MIN_PAGE_BYTES && Integer.bitCount(bytes) == 1 ? bytes : defaultPageBytes;
    }

    /** Finds the committed frames. Returns how many pages the database has by the last commit. */
    private int readLog() throws IOException {
        if (log == null || log.size() <= LOG_HEADER_BYTES) {
            return 0;
        }
        var header = read(log, 0, LOG_HEADER_BYTES);
        var order = header.getInt(0) == LOG_MAGIC + 1 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        long frameBytes = (long) FRAME_HEADER_BYTES + pageBytes;
        long salt = header.getInt(0) >>> 1 == LOG_MAGIC >>> 1
                ? header.getLong(16)
                : read(log, 40, 8).getLong(0);
        long checksum = header.getLong(24);
        int committedPages = 0;
        var uncommitted = new HashMap<Integer, Long>();
        int damagedSinceCommit = 0;
        for (long at = LOG_HEADER_BYTES; at + frameBytes <= log.size(); at += frameBytes) {
            var frame = read(log, at, Math.toIntExact(frameBytes));
            // A frame that is damaged leaves the checksum by which the next one is proven.
            boolean isWhole = frame.getLong(8) == salt && frame.getLong(16) == checksum(frame, checksum, order);
            checksum = frame.getLong(16);
            if (!isWhole) {
                damagedSinceCommit++;
                continue;
            }
            uncommitted.put(frame.getInt(0), at + FRAME_HEADER_BYTES);
            if (frame.getInt(4) != 0) {
                committedPages = frame.getInt(4);
                inLog.putAll(uncommitted);
                uncommitted.clear();
                damagedFrames += damagedSinceCommit;
                damagedSinceCommit = 0;
            }
        }
        return committedPages;
    }

    private static long checksum(ByteBuffer frame, long before, ByteOrder order) {
        int s0 = (int) (before >>> 32);
        int s1 = (int) before;
        var words = frame.duplicate().order(order);
        for (int at = 0; at < frame.capacity(); at = at == 0 ? FRAME_HEADER_BYTES : at + 8) {
            s0 += words.getInt(at) + s1;
            s1 += words.getInt(at + 4) + s0;
        }
        return (long) s0 << 32 | Integer.toUnsignedLong(s1);
    }

    private static ByteBuffer read(FileChannel channel, long position, int bytes) {
        var buffer = ByteBuffer.allocate(bytes);
        try {
            while (buffer.hasRemaining() && channel.read(buffer, position + buffer.position()) >= 0) {
                // until all is read, or the file ends
            }
        } catch (IOException _) {
            return ByteBuffer.allocate(bytes);
        }
        return buffer.clear();
    }

    int pages() {
        return pages;
    }

    int pageBytes() {
        return pageBytes;
    }

    /** How many pages of commits in the log are damaged; of these, older versions are read. */
    int damagedFrames() {
        return damagedFrames;
    }

    /** The content of a page; zeros if there is no such page. */
    ByteBuffer page(int number) {
        var at = inLog.get(number);
        return at == null ? read(database, (number - 1L) * pageBytes, pageBytes) : read(log, at, pageBytes);
    }

    @Override
    public void close() throws IOException {
        try (database;
                log) {
            inLog.clear();
        }
    }
}
