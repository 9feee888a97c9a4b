package io.pulseplane.gate.audit.writing;

import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.GroupFooter;
import io.pulseplane.gate.audit.HashChain;
import io.pulseplane.gate.audit.JsonBuffer;
import io.pulseplane.gate.audit.LineFormat;
import io.pulseplane.gate.audit.RecordLine;
import io.pulseplane.gate.audit.SegmentFooter;
import io.pulseplane.gate.audit.SegmentTail;
import io.pulseplane.gate.audit.SigningKey;
import io.pulseplane.gate.audit.TimeBounds;
import io.pulseplane.gate.audit.TrailEnd;
import io.pulseplane.gate.audit.TrailMark;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Writes batches of records to the end of the trail. After {@link #write} returns, the whole batch is on disk. After it
 * fails, {@link #recover} discards what was written of the batch. Not thread-safe.
 */
final class TrailWriter {

    private static final System.Logger LOG = System.getLogger(TrailWriter.class.getName());

    private final AuditSettings settings;
    private final AuditDirectory directory;
    private final SigningKey key;
    private final SegmentFile.Opener segmentFiles;
    private final LongSupplier clock;
    private final JsonBuffer buffer = new JsonBuffer(GroupFooter.MAX_GROUP_BYTES);
    private final RecordLine line;
    private final HashChain chain;
    private final EarlySync earlySync = new EarlySync();

    /** Everything up to here is synced. What follows it in the file does not belong to the trail. */
    private TrailEnd durableEnd;

    /** The file of the newest segment; null if that is sealed, or not open. */
    private SegmentFile segmentFile;

    /** Whether the newest segment has a mark about an unproven part, so that the next record begins a new one. */
    private boolean startsAnew;

    TrailWriter(
            AuditSettings settings,
            AuditDirectory directory,
            SigningKey key,
            TrailEnd durableEnd,
            SegmentFile.Opener segmentFiles,
            LongSupplier clock) {
        this.settings = settings;
        this.directory = directory;
        this.key = key;
        this.durableEnd = durableEnd;
        this.segmentFiles = segmentFiles;
        this.clock = clock;
        this.line = settings.patientHash().map(RecordLine::new).orElseGet(RecordLine::new);
        this.chain = HashChain.from(durableEnd.digest());
    }

    TrailEnd durableEnd() {
        return durableEnd;
    }

    /** Whether the newest segment has reached its size or its age. A segment without a record is not sealed. */
    boolean isSealDue() {
        return !durableEnd.isSealed()
                && durableEnd.records() > 0
                && (startsAnew
                        || durableEnd.offset() >= settings.segments().maxBytes()
                        || clock.getAsLong() - durableEnd.openedUs()
                                >= TimeUnit.MICROSECONDS.convert(
                                        settings.segments().maxAge()));
    }

    /** Writes the marks, then the records, and waits until the disk has them. */
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
            int headerBytes = buffer.length();
            for (var mark : marks) {
                buffer.raw(mark.line());
            }
            end = append(end, headerBytes, records, count);
            earlySync.await();
            segmentFile.sync();
            durableEnd = end;
        });
        for (var mark : marks) {
            startsAnew |= mark instanceof TrailMark.Unproven;
        }
    }

    private void reopen() throws IOException {
        if (segmentFile == null) {
            segmentFile = segmentFiles.append(directory.segmentFile(durableEnd.segment()), durableEnd.offset());
        }
    }

    private interface WriteAction {
        void run() throws IOException;
    }

    /** Closes the file if the action fails. The next write opens it again and cuts off what follows the durable end. */
    private void writeOrAbandon(WriteAction action) throws IOException {
        chain.restart(durableEnd.digest());
        buffer.clear();
        try {
            action.run();
        } catch (IOException | RuntimeException e) {
            abandon();
            throw e;
        }
    }

    private TrailEnd append(TrailEnd start, int headerBytes, AuditRecord[] records, int count) throws IOException {
        var end = start;
        int groupHeaderBytes = headerBytes;
        long earliest = end.times().earliest();
        long latest = end.times().latest();
        int groupRecords = 0;
        for (int i = 0; i < count; i++) {
            var record = records[i];
            line.write(buffer, end.lastRecord() + ++groupRecords, record);
            earliest = Math.min(earliest, record.timeUs());
            latest = Math.max(latest, record.timeUs());
            if (buffer.length() >= GroupFooter.GROUP_BYTES && i < count - 1) {
                end = endGroup(end, groupHeaderBytes, groupRecords, new TimeBounds(earliest, latest));
                groupHeaderBytes = 0;
                groupRecords = 0;
            }
        }
        return endGroup(end, groupHeaderBytes, groupRecords, new TimeBounds(earliest, latest));
    }

    private TrailEnd endGroup(TrailEnd end, int headerBytes, int records, TimeBounds times) throws IOException {
        long lastRecord = end.lastRecord() + records;
        int bytes = buffer.length() - headerBytes;
        buffer.raw(GroupFooter.prefix(records, lastRecord, bytes, times));
        var footer = new GroupFooter(records, lastRecord, bytes, times, digest());
        buffer.raw(LineFormat.DIGEST);
        buffer.raw(footer.digest());
        buffer.raw(LineFormat.END);
        long offset = end.offset() + buffer.length();
        int writtenBytes = buffer.length();
        flush();
        earlySync.onWritten(segmentFile, writtenBytes);
        return end.after(footer, offset);
    }

    private String digest() {
        chain.update(buffer.bytes(), 0, buffer.length());
        return chain.nextDigest();
    }

    private void flush() throws IOException {
        segmentFile.write(buffer.view());
        buffer.clear();
    }

    /** Ends the newest segment with a signed footer. The next batch begins a new segment. */
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
            startsAnew = false;
        });
        close();
        LOG.log(
                Level.INFO,
                "Sealed audit segment {0}: it ends with record {1} and digest {2}",
                Long.toString(durableEnd.segment()),
                Long.toString(durableEnd.lastRecord()),
                durableEnd.digest());
    }

    /**
     * Goes back to the durable end after a failed write. Fails if the segment on disk does not end there as expected.
     */
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
            // The failed write reported it.
        }
        try {
            close();
        } catch (IOException _) {
            // Nothing is lost: what follows the durable end is discarded.
        }
    }

    void close() throws IOException {
        var file = segmentFile;
        segmentFile = null;
        if (file != null) {
            file.close();
        }
    }
}
