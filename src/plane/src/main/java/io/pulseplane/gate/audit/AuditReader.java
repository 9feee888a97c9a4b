package io.pulseplane.gate.audit;

import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.TimeRange;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * The records of a log that match a filter, one after the other, while the log may be written. Gives records of complete
 * groups only, and all that were complete when it was opened; the newest may be read a moment before it is synced. Blocks,
 * and holds one group at a time.
 *
 * <p>Reads; whether what it reads is as it was written is the {@link AuditVerifier}'s to say.
 */
public final class AuditReader implements AutoCloseable {

    private final AuditDirectory directory;
    private final AuditFilter filter;
    private final Deque<Long> segments;
    private final Deque<AuditEntry> matches = new ArrayDeque<>();
    private GroupReader groups;
    private long remaining;

    private AuditReader(AuditDirectory directory, AuditFilter filter) throws IOException {
        this.directory = directory;
        this.filter = filter;
        this.remaining = filter.limit();
        var there = directory.segmentNumbers();
        this.segments = new ArrayDeque<>(isNewestFirst() ? there.descendingSet() : there);
    }

    /** @throws PlaneException.Unavailable if there is no such directory, or it cannot be read */
    public static AuditReader open(Path directory, AuditFilter filter) {
        try {
            return new AuditReader(new AuditDirectory(directory), filter);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /**
     * The next record that matches; empty after the last.
     *
     * @throws PlaneException.Unavailable if the log cannot be read
     * @throws PlaneException.DataLoss if there is something in it that is no record
     */
    public Optional<AuditEntry> next() {
        try {
            while (remaining > 0 && (!matches.isEmpty() || nextGroup())) {
                var match = matches.poll();
                if (match != null) {
                    remaining--;
                    return Optional.of(match);
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /** Goes to the next group that there is; false if there is none. */
    private boolean nextGroup() throws IOException {
        while (true) {
            if (groups != null && groups.next(this::accept)) {
                return true;
            }
            closeGroups();
            if (segments.isEmpty()) {
                return false;
            }
            open(segments.poll());
        }
    }

    private void open(long number) throws IOException {
        var segment = directory.segmentFile(number);
        try {
            if (mayMatch(segment)) {
                groups = isNewestFirst() ? new GroupReader.Backward(segment) : new GroupReader.Forward(segment);
            }
        } catch (NoSuchFileException _) {
            // Its time was over meanwhile.
        }
    }

    /** The seal says which times there are; a segment without a seal has to be read. */
    private boolean mayMatch(Path segment) throws IOException {
        TimeRange times = filter.times();
        return SegmentTail.footerLine(segment)
                .flatMap(SegmentFooter::parse)
                .map(seal ->
                        seal.times().earliest() < times.to() && seal.times().latest() >= times.from())
                .orElse(true);
    }

    private void accept(byte[] bytes, int from, int length) {
        try {
            var entry = RecordLine.parse(bytes, from, length);
            if (!filter.matches(entry.record())) {
                return;
            }
            if (isNewestFirst()) {
                matches.addFirst(entry);
            } else {
                matches.addLast(entry);
            }
        } catch (IOException _) {
            throw new PlaneException.DataLoss("the audit log is not as it was written; verify it");
        }
    }

    private boolean isNewestFirst() {
        return filter.order() == Order.NEWEST_FIRST;
    }

    private static PlaneException unreadable(IOException e) {
        return new PlaneException.Unavailable("the audit log cannot be read", e);
    }

    private void closeGroups() throws IOException {
        Closeable open = groups;
        groups = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public void close() {
        try {
            closeGroups();
        } catch (IOException e) {
            throw unreadable(e);
        }
    }
}
