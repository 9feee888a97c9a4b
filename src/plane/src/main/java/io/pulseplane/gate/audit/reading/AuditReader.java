package io.pulseplane.gate.audit.reading;

import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.AuditEntry;
import io.pulseplane.gate.audit.PatientHash;
import io.pulseplane.gate.audit.RecordLine;
import io.pulseplane.gate.audit.SegmentFooter;
import io.pulseplane.gate.audit.SegmentTail;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.TimeRange;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Reads the records of a trail that match a filter, one after the other. A plane may write the trail meanwhile. The
 * reader gives records of complete groups only, and all that were complete when it was opened; it may give the newest a
 * moment before they are synced. It blocks, and holds one group in memory.
 *
 * <p>The reader checks no digests and no signatures; the verifier does.
 */
public final class AuditReader implements AutoCloseable {

    private final AuditDirectory directory;
    private final AuditFilter filter;
    private final Optional<String> subjectHash;
    private final Optional<String> patientHash;
    private final Deque<Path> segments;
    private final Deque<AuditEntry> matches = new ArrayDeque<>();
    private GroupReader groups;
    private boolean isProven;
    private long remaining;

    private AuditReader(AuditDirectory directory, AuditFilter filter, Optional<PatientHash> hash) throws IOException {
        this.directory = directory;
        this.filter = filter;
        this.subjectHash = hash.flatMap(h -> filter.subject().map(h::of));
        this.patientHash = hash.flatMap(h -> filter.patient().map(h::of));
        this.remaining = filter.limit();
        this.segments = files();
    }

    /** Unproven parts follow the segment in which the signed end before them is. */
    private Deque<Path> files() throws IOException {
        var files = new ArrayDeque<Path>();
        var unproven = new TreeMap<>(directory.unprovenFiles());
        for (long segment : directory.segmentNumbers()) {
            takeBefore(segment, unproven, files);
            files.add(directory.segmentFile(segment));
        }
        takeBefore(Long.MAX_VALUE, unproven, files);
        return isNewestFirst() ? files.reversed() : files;
    }

    private static void takeBefore(long segment, NavigableMap<Path, Long> unproven, Deque<Path> files) {
        while (!unproven.isEmpty() && unproven.firstEntry().getValue() < segment) {
            files.add(unproven.pollFirstEntry().getKey());
        }
    }

    /** Opens a reader that finds patients only where the trail has them in clear. */
    public static AuditReader open(Path directory, AuditFilter filter) {
        return open(directory, filter, Optional.empty());
    }

    /**
     * Opens a reader.
     *
     * @param hash the one with which the trail was written, to find the records of a patient
     * @throws PlaneException.Unavailable if the directory does not exist or cannot be read
     */
    public static AuditReader open(Path directory, AuditFilter filter, Optional<PatientHash> hash) {
        try {
            return new AuditReader(new AuditDirectory(directory), filter, hash);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /**
     * The next record that matches; empty after the last.
     *
     * @throws PlaneException.Unavailable if the trail cannot be read
     * @throws PlaneException.DataLoss if the reader finds a line that the trail cannot have
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

    /** Reads the matches of the next group; false if there is no further group. */
    private boolean nextGroup() throws IOException {
        while (true) {
            if (groups != null && hasNextGroup()) {
                return true;
            }
            closeGroups();
            if (segments.isEmpty()) {
                return false;
            }
            open(segments.poll());
        }
    }

    /** A part that no signature proves may be of any form; what cannot be read of it is left out. */
    private boolean hasNextGroup() throws IOException {
        try {
            return groups.next(this::accept);
        } catch (PlaneException.DataLoss e) {
            if (isProven) {
                throw e;
            }
            return false;
        }
    }

    private void open(Path segment) throws IOException {
        isProven = directory.isSegment(segment);
        try {
            if (mayMatch(segment)) {
                groups = isNewestFirst() ? new GroupReader.Backward(segment) : new GroupReader.Forward(segment);
            }
        } catch (NoSuchFileException _) {
            // The segment was retired meanwhile.
        }
    }

    /** The footer has the bounds of the records' times. A segment without a footer may always match. */
    private boolean mayMatch(Path segment) throws IOException {
        TimeRange times = filter.times();
        return SegmentTail.footerLine(segment)
                .flatMap(SegmentFooter::parse)
                .map(footer ->
                        footer.times().earliest() < times.to() && footer.times().latest() >= times.from())
                .orElse(true);
    }

    private void accept(byte[] bytes, int from, int length) {
        try {
            var entry = RecordLine.parse(bytes, from, length, isProven);
            if (!filter.matches(entry, subjectHash, patientHash)) {
                return;
            }
            if (isNewestFirst()) {
                matches.addFirst(entry);
            } else {
                matches.addLast(entry);
            }
        } catch (IOException _) {
            if (isProven) {
                throw new PlaneException.DataLoss("the audit trail is not as it was written; verify it");
            }
            // Nothing proves that a node wrote this line, so it must not keep the others from being read.
        }
    }

    private boolean isNewestFirst() {
        return filter.order() == Order.NEWEST_FIRST;
    }

    private static PlaneException unreadable(IOException e) {
        return new PlaneException.Unavailable("the audit trail cannot be read", e);
    }

    private void closeGroups() throws IOException {
        Closeable reader = groups;
        groups = null;
        if (reader != null) {
            reader.close();
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
