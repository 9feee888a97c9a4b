package io.pulseplane.gate.audit;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Writes batches of records to the end of the log. A batch is there whole after {@link #write} returns; after it fails,
 * {@link #recover} takes away what there is of it. One thread's.
 */
final class LogWriter {

    /** A group is closed when it is this long, so that whoever reads it can hold it in memory. */
    static final int GROUP_BYTES = 256 << 10;

    /** The longest a group can be, with the header before it and the line after it. */
    static final int MAX_GROUP_BYTES = GROUP_BYTES + RecordLine.MAX_BYTES + 2 * Layout.MAX_BYTES;

    private static final System.Logger LOG = System.getLogger(LogWriter.class.getName());

    private final AuditSettings settings;
    private final AuditDirectory directory;
    private final NodeKey key;
    private final SegmentFile.Opener files;
    private final LongSupplier clock;
    private final JsonBuffer buffer = new JsonBuffer(MAX_GROUP_BYTES);
    private final RecordLine line = new RecordLine();
    private final Chain chain;
    private final EarlySync earlySync = new EarlySync();

    /** Everything up to here is on disk, and only this much is the log. */
    private LogEnd durable;

    /** The file of the durable end's segment; null if that is sealed, or not opened yet. */
    private SegmentFile file;

    LogWriter(
            AuditSettings settings,
            AuditDirectory directory,
            NodeKey key,
            LogEnd durable,
            SegmentFile.Opener files,
            LongSupplier clock) {
        this.settings = settings;
        this.directory = directory;
        this.key = key;
        this.durable = durable;
        this.files = files;
        this.clock = clock;
        this.chain = Chain.after(durable.digest());
    }

    LogEnd durable() {
        return durable;
    }

    /** Whether the segment has had its time or its size. Without a record it goes on: there is nothing to seal. */
    boolean isSealDue() {
        return !durable.sealed()
                && durable.records() > 0
                && (durable.offset() >= settings.segments().bytes()
                        || clock.getAsLong() - durable.openedUs()
                                >= TimeUnit.MICROSECONDS.convert(
                                        settings.segments().age()));
    }

    /** Writes the marks and the records and syncs once. */
    void write(List<Mark> marks, AuditRecord[] records, int count) throws IOException {
        if (isSealDue()) {
            seal();
        }
        whole(() -> {
            var end = durable;
            if (end.sealed()) {
                end = end.next(clock.getAsLong());
                file = files.create(directory.segment(end.segment()));
                directory.sync();
                end.header().write(buffer, settings.node());
            } else {
                reopen();
            }
            int header = buffer.length();
            for (var mark : marks) {
                buffer.raw(mark.line());
            }
            end = append(end, header, records, count);
            earlySync.finish();
            file.sync();
            durable = end;
        });
    }

    private void reopen() throws IOException {
        if (file == null) {
            file = files.append(directory.segment(durable.segment()), durable.offset());
        }
    }

    private interface Writing {
        void run() throws IOException;
    }

    /** What fails half way is never appended to: the file is let go, and opening it again cuts it at the durable end. */
    private void whole(Writing writing) throws IOException {
        chain.restart(durable.digest());
        buffer.clear();
        try {
            writing.run();
        } catch (IOException | RuntimeException e) {
            abandon();
            throw e;
        }
    }

    private LogEnd append(LogEnd begin, int headerBytes, AuditRecord[] records, int count) throws IOException {
        var end = begin;
        int header = headerBytes;
        long from = end.span().from();
        long to = end.span().to();
        int inGroup = 0;
        for (int i = 0; i < count; i++) {
            var record = records[i];
            line.write(buffer, end.last() + ++inGroup, record);
            from = Math.min(from, record.timeUs());
            to = Math.max(to, record.timeUs());
            if (buffer.length() >= GROUP_BYTES && i < count - 1) {
                end = endGroup(end, header, inGroup, new Span(from, to));
                header = 0;
                inGroup = 0;
            }
        }
        return endGroup(end, header, inGroup, new Span(from, to));
    }

    private LogEnd endGroup(LogEnd end, int headerBytes, int records, Span span) throws IOException {
        long last = end.last() + records;
        long bytes = buffer.length() - headerBytes;
        buffer.raw(GroupEnd.prefix(records, last, bytes, span));
        var group = new GroupEnd(records, last, bytes, span, digest());
        buffer.raw(Layout.DIGEST);
        buffer.raw(group.digest());
        buffer.raw(Layout.END);
        long offset = end.offset() + buffer.length();
        int written = buffer.length();
        flush();
        earlySync.written(file, written);
        return end.after(group, offset);
    }

    private String digest() {
        chain.cover(buffer.bytes(), 0, buffer.length());
        return chain.step();
    }

    private void flush() throws IOException {
        file.write(buffer.view());
        buffer.clear();
    }

    /** Ends the segment; the next batch begins a new one. */
    void seal() throws IOException {
        whole(() -> {
            reopen();
            var prefix = Seal.prefix(
                    durable.segment(), durable.records(), durable.last(), durable.span(), clock.getAsLong());
            buffer.raw(prefix);
            var digest = digest();
            var line = key.sign(prefix + Layout.DIGEST + digest + '"');
            buffer.clear();
            buffer.raw(line);
            flush();
            file.sync();
            durable = durable.after(Seal.parse(line).orElseThrow(), durable.offset() + line.length());
        });
        close();
        LOG.log(
                Level.INFO,
                "Sealed audit segment {0}: it ends with record {1} and digest {2}",
                Long.toString(durable.segment()),
                Long.toString(durable.last()),
                durable.digest());
    }

    /** Goes back to the durable end, after a failure. Fails if the log is not there to go on with. */
    void recover() throws IOException {
        abandon();
        if (!durable.sealed()
                && !SegmentTail.endsWith(directory.segment(durable.segment()), durable.offset(), durable.digest())) {
            throw new IOException("the segment does not hold what was written to it");
        }
    }

    private void abandon() {
        try {
            earlySync.finish();
        } catch (IOException _) {
            // It failed already.
        }
        try {
            close();
        } catch (IOException _) {
            // What it held beyond the durable end is given up anyway.
        }
    }

    void close() throws IOException {
        var open = file;
        file = null;
        if (open != null) {
            open.close();
        }
    }
}
