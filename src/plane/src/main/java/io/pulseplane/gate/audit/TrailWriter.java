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
final class TrailWriter {

    /** A group is closed when it is this long, so that whoever reads it can hold it in memory. */
    static final int GROUP_BYTES = 256 << 10;

    /** The longest a group can be, with the header before it and the line after it. */
    static final int MAX_GROUP_BYTES = GROUP_BYTES + RecordLine.MAX_BYTES + 2 * LineFormat.MAX_BYTES;

    private static final System.Logger LOG = System.getLogger(TrailWriter.class.getName());

    private final AuditSettings settings;
    private final AuditDirectory directory;
    private final SigningKey key;
    private final SegmentFile.Opener segmentFiles;
    private final LongSupplier clock;
    private final JsonBuffer buffer = new JsonBuffer(MAX_GROUP_BYTES);
    private final RecordLine line = new RecordLine();
    private final HashChain chain;
    private final EarlySync earlySync = new EarlySync();

    /** Everything up to here is on disk, and only this much is the log. */
    private TrailEnd durableEnd;

    /** The file of the durable end's segment; null if that is sealed, or not opened yet. */
    private SegmentFile segmentFile;

    TrailWriter(
            AuditSettings settings,
            AuditDirectory directory,
            SigningKey key,
            TrailEnd durable,
            SegmentFile.Opener files,
            LongSupplier clock) {
        this.settings = settings;
        this.directory = directory;
        this.key = key;
        this.durableEnd = durable;
        this.segmentFiles = files;
        this.clock = clock;
        this.chain = HashChain.from(durable.digest());
    }

    TrailEnd durableEnd() {
        return durableEnd;
    }

    /** Whether the segment has had its time or its size. Without a record it goes on: there is nothing to seal. */
    boolean isSealDue() {
        return !durableEnd.isSealed()
                && durableEnd.records() > 0
                && (durableEnd.offset() >= settings.segments().maxBytes()
                        || clock.getAsLong() - durableEnd.openedUs()
                                >= TimeUnit.MICROSECONDS.convert(
                                        settings.segments().maxAge()));
    }

    /** Writes the marks and the records and syncs once. */
    void write(List<TrailMark> marks, AuditRecord[] records, int count) throws IOException {
        if (isSealDue()) {
            seal();
        }
        writeOrAbandon(() -> {
            var end = durableEnd;
            if (end.isSealed()) {
                end = end.nextSegment(clock.getAsLong());
                segmentFile = segmentFiles.create(directory.segmentFile(end.segment()));
                directory.sync();
                end.header().write(buffer, settings.nodeId());
            } else {
                reopen();
            }
            int header = buffer.length();
            for (var mark : marks) {
                buffer.raw(mark.line());
            }
            end = append(end, header, records, count);
            earlySync.await();
            segmentFile.sync();
            durableEnd = end;
        });
    }

    private void reopen() throws IOException {
        if (segmentFile == null) {
            segmentFile = segmentFiles.append(directory.segmentFile(durableEnd.segment()), durableEnd.offset());
        }
    }

    private interface WriteAction {
        void run() throws IOException;
    }

    /** What fails half way is never appended to: the file is let go, and opening it again cuts it at the durable end. */
    private void writeOrAbandon(WriteAction writing) throws IOException {
        chain.restart(durableEnd.digest());
        buffer.clear();
        try {
            writing.run();
        } catch (IOException | RuntimeException e) {
            abandon();
            throw e;
        }
    }

    private TrailEnd append(TrailEnd begin, int headerBytes, AuditRecord[] records, int count) throws IOException {
        var end = begin;
        int header = headerBytes;
        long from = end.times().earliest();
        long to = end.times().latest();
        int inGroup = 0;
        for (int i = 0; i < count; i++) {
            var record = records[i];
            line.write(buffer, end.lastRecord() + ++inGroup, record);
            from = Math.min(from, record.timeUs());
            to = Math.max(to, record.timeUs());
            if (buffer.length() >= GROUP_BYTES && i < count - 1) {
                end = endGroup(end, header, inGroup, new TimeBounds(from, to));
                header = 0;
                inGroup = 0;
            }
        }
        return endGroup(end, header, inGroup, new TimeBounds(from, to));
    }

    private TrailEnd endGroup(TrailEnd end, int headerBytes, int records, TimeBounds span) throws IOException {
        long last = end.lastRecord() + records;
        long bytes = buffer.length() - headerBytes;
        buffer.raw(GroupFooter.prefix(records, last, bytes, span));
        var group = new GroupFooter(records, last, bytes, span, digest());
        buffer.raw(LineFormat.DIGEST);
        buffer.raw(group.digest());
        buffer.raw(LineFormat.END);
        long offset = end.offset() + buffer.length();
        int written = buffer.length();
        flush();
        earlySync.onWritten(segmentFile, written);
        return end.after(group, offset);
    }

    private String digest() {
        chain.update(buffer.bytes(), 0, buffer.length());
        return chain.nextDigest();
    }

    private void flush() throws IOException {
        segmentFile.write(buffer.view());
        buffer.clear();
    }

    /** Ends the segment; the next batch begins a new one. */
    void seal() throws IOException {
        writeOrAbandon(() -> {
            reopen();
            var prefix = SegmentFooter.prefix(
                    durableEnd.segment(),
                    durableEnd.records(),
                    durableEnd.lastRecord(),
                    durableEnd.times(),
                    clock.getAsLong());
            buffer.raw(prefix);
            var digest = digest();
            var line = key.sign(prefix + LineFormat.DIGEST + digest + '"');
            buffer.clear();
            buffer.raw(line);
            flush();
            segmentFile.sync();
            durableEnd = durableEnd.after(SegmentFooter.parse(line).orElseThrow(), durableEnd.offset() + line.length());
        });
        close();
        LOG.log(
                Level.INFO,
                "Sealed audit segment {0}: it ends with record {1} and digest {2}",
                Long.toString(durableEnd.segment()),
                Long.toString(durableEnd.lastRecord()),
                durableEnd.digest());
    }

    /** Goes back to the durable end, after a failure. Fails if the log is not there to go on with. */
    void recover() throws IOException {
        abandon();
        if (!durableEnd.isSealed()
                && !SegmentTail.endsWith(
                        directory.segmentFile(durableEnd.segment()), durableEnd.offset(), durableEnd.digest())) {
            throw new IOException("the segment does not hold what was written to it");
        }
    }

    private void abandon() {
        try {
            earlySync.await();
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
        var open = segmentFile;
        segmentFile = null;
        if (open != null) {
            open.close();
        }
    }
}
