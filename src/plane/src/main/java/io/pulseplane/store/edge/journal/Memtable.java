package io.pulseplane.store.edge.journal;

import io.pulseplane.store.Device;
import io.pulseplane.store.edge.tables.AcknowledgedBatch;
import io.pulseplane.store.edge.tables.Sequences;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the journal keeps that nothing else on disk has yet, in memory: readings, receipts, and when devices were last seen.
 *
 * <p>Changes on the thread that writes, right after the commit; readings and devices are read by all.
 */
public final class Memtable {

    /** A series: readings that wait, in the order in which they came. */
    public record SeriesChunks(long patient, MemtableChunk[] chunks, int size) {

        SeriesChunks append(MemtableChunk piece) {
            var array = chunks;
            if (size == array.length) {
                array = new MemtableChunk[Math.max(4, 2 * size)];
                System.arraycopy(chunks, 0, array, 0, size);
            }
            // Whoever holds this tail looks at the pieces below its size only.
            array[size] = piece;
            return new SeriesChunks(patient, array, size + 1);
        }

        public List<MemtableChunk> asList() {
            return Arrays.asList(chunks).subList(0, size);
        }
    }

    /** One batch that was written to the journal. */
    public record JournalBatch(
            long entry,
            long device,
            String deviceId,
            long patient,
            long time,
            AcknowledgedBatch acknowledged,
            long[] series,
            MemtableChunk[] chunks) {}

    /** A batch is known by these. */
    public record BatchKey(long device, long sequence) {}

    /** What was answered to a batch that brought readings of this patient. */
    public record PatientBatch(long patient, AcknowledgedBatch acknowledged) {}

    /** The last batch of a device, if the journal has it. */
    public record LastSeen(long device, long time, long lastSequence) {}

    private static final MemtableChunk[] NO_CHUNKS = {};

    private final Map<Long, SeriesChunks> chunksBySeries = new ConcurrentHashMap<>();
    private final Map<String, LastSeen> lastSeen = new ConcurrentHashMap<>();
    private Map<BatchKey, PatientBatch> acknowledged = new HashMap<>();

    /** Of the cut that is being put elsewhere; read on two threads from then on, and changed by none. */
    private Map<BatchKey, PatientBatch> acknowledgedInSnapshot = Map.of();

    /** What the cut before had of this, which is in the table of devices. */
    private Map<String, LastSeen> lastSeenInTable = Map.of();

    private volatile long bytes;
    private volatile long batches;
    private volatile long oldestTime = Long.MAX_VALUE;
    private volatile long lastEntry;
    private volatile int maxChunksOfSeries;

    /** Adds what was committed as one entry. */
    void add(List<JournalBatch> entry, long entryBytes) {
        for (var batch : entry) {
            for (int i = 0; i < batch.chunks.length; i++) {
                var piece = batch.chunks[i];
                var tail = chunksBySeries
                        .getOrDefault(batch.series[i], new SeriesChunks(batch.patient, NO_CHUNKS, 0))
                        .append(piece);
                chunksBySeries.put(batch.series[i], tail);
                maxChunksOfSeries = Math.max(maxChunksOfSeries, tail.size);
            }
            acknowledged.put(
                    new BatchKey(batch.device, batch.acknowledged.sequence()),
                    new PatientBatch(batch.patient, batch.acknowledged));
            var before = lastSeen.get(batch.deviceId);
            long last = before == null ? 0 : before.lastSequence;
            lastSeen.put(
                    batch.deviceId,
                    new LastSeen(batch.device, batch.time, Sequences.max(last, batch.acknowledged.sequence())));
            oldestTime = Math.min(oldestTime, batch.time);
            lastEntry = batch.entry;
        }
        bytes += entryBytes;
        batches += entry.size();
    }

    /** The readings of a series that wait; the list does not change. */
    List<MemtableChunk> chunksOf(long series) {
        var tail = chunksBySeries.get(series);
        return tail == null ? List.of() : tail.asList();
    }

    /** On the thread that writes only. */
    AcknowledgedBatch acknowledged(long device, long sequence) {
        var key = new BatchKey(device, sequence);
        var known = acknowledged.get(key);
        if (known == null) {
            known = acknowledgedInSnapshot.get(key);
        }
        return known == null ? null : known.acknowledged;
    }

    LastSeen lastSeen(String device) {
        return lastSeen.get(device);
    }

    /** A device as it is known, with what the journal knows better. */
    public Device withLastSeen(Device device) {
        var last = lastSeen.get(device.id());
        return last == null
                ? device
                : new Device(
                        device.id(),
                        device.serialNumber(),
                        device.type(),
                        device.manufacturer(),
                        device.model(),
                        device.firmwareVersion(),
                        device.status(),
                        Math.max(last.time, device.lastSeenAt()),
                        Sequences.max(last.lastSequence, device.lastSequence()),
                        device.provisional(),
                        device.createdAt(),
                        device.updatedAt());
    }

    /**
     * Everything up to an entry, for the one who puts it elsewhere.
     *
     * @param acknowledged the receipts; nobody changes them any more
     */
    public record FlushSnapshot(long lastEntry, Map<BatchKey, PatientBatch> acknowledged, long bytes, long batches) {

        public boolean isEmpty() {
            return batches == 0;
        }
    }

    /** Takes a cut; what was in one before that was never forgotten is in this one, too. On the thread that writes only. */
    public FlushSnapshot snapshot() {
        if (acknowledgedInSnapshot.isEmpty()) {
            acknowledgedInSnapshot = acknowledged;
        } else {
            var all = new HashMap<>(acknowledgedInSnapshot);
            all.putAll(acknowledged);
            acknowledgedInSnapshot = all;
        }
        acknowledged = new HashMap<>();
        return new FlushSnapshot(lastEntry, acknowledgedInSnapshot, bytes, batches);
    }

    public Map<Long, SeriesChunks> chunksBySeries() {
        return chunksBySeries;
    }

    public Map<String, LastSeen> lastSeen() {
        return lastSeen;
    }

    /** The readings of this series that were in the cut are in chunks. */
    public void removeFlushed(long series, SeriesChunks done) {
        chunksBySeries.computeIfPresent(series, (_, tail) -> {
            int rest = tail.size - done.size;
            if (rest <= 0) {
                return null;
            }
            var pieces = new MemtableChunk[rest];
            System.arraycopy(tail.chunks, done.size, pieces, 0, rest);
            return new SeriesChunks(tail.patient, pieces, rest);
        });
    }

    /** Everything that was in the cut is elsewhere, and gone from the journal. On the thread that writes only. */
    public void removeFlushed(FlushSnapshot cut, Map<String, LastSeen> written, long now) {
        acknowledgedInSnapshot = Map.of();
        // Not those that were written just now: who read a device before that is about to look here.
        lastSeenInTable.forEach(lastSeen::remove);
        lastSeenInTable = written;
        bytes -= cut.bytes;
        batches -= cut.batches;
        oldestTime = batches == 0 ? Long.MAX_VALUE : now;
        maxChunksOfSeries = 0;
    }

    /** What was answered to batches of this patient, by device. On the thread that writes only. */
    public Map<Long, List<AcknowledgedBatch>> acknowledgedOf(long patient) {
        var byDevice = new HashMap<Long, List<AcknowledgedBatch>>();
        for (var answers : List.of(acknowledgedInSnapshot, acknowledged)) {
            answers.forEach((batch, answer) -> {
                if (answer.patient == patient) {
                    byDevice.computeIfAbsent(batch.device, _ -> new ArrayList<>())
                            .add(answer.acknowledged);
                }
            });
        }
        return byDevice;
    }

    /** A patient was erased. */
    public void removePatient(long patient) {
        chunksBySeries.values().removeIf(tail -> tail.patient == patient);
    }

    public long bytes() {
        return bytes;
    }

    public long batches() {
        return batches;
    }

    /** When the oldest of it was written; {@link Long#MAX_VALUE} if there is nothing. */
    public long oldestTime() {
        return oldestTime;
    }

    /** How many pieces the series has that has most. */
    public int maxChunksOfSeries() {
        return maxChunksOfSeries;
    }
}
