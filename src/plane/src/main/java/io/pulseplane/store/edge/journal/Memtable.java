package io.pulseplane.store.edge.journal;

import io.pulseplane.store.Device;
import io.pulseplane.store.edge.tables.AcknowledgedBatch;
import io.pulseplane.store.edge.tables.Receipt;
import io.pulseplane.store.edge.tables.Sequences;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Holds in memory what is in the journal and in no other table yet: readings, receipts, and when devices were last
 * seen.
 *
 * <p>The thread that writes changes it, right after the commit. All threads read the readings and the devices.
 */
public final class Memtable {

    /** The readings of one series, in the order in which they came. Of the array, only the first {@code size} count. */
    public record SeriesChunks(long patient, MemtableChunk[] chunks, int size) {

        SeriesChunks append(MemtableChunk chunk) {
            var array = chunks;
            if (size == array.length) {
                array = new MemtableChunk[Math.max(4, 2 * size)];
                System.arraycopy(chunks, 0, array, 0, size);
            }
            // Others that share the array read only the chunks below their own size.
            array[size] = chunk;
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

    /** Identifies a batch. */
    public record BatchKey(long device, long sequence) {}

    /** When the last batch of a device came that is in the journal, and the highest sequence. */
    public record LastSeen(long device, long time, long lastSequence) {}

    private static final MemtableChunk[] NO_CHUNKS = {};

    private final Map<Long, SeriesChunks> chunksBySeries = new ConcurrentHashMap<>();
    private final Map<String, LastSeen> lastSeen = new ConcurrentHashMap<>();
    private Map<BatchKey, Receipt> acknowledged = new HashMap<>();

    /** Receipts of the snapshot that is being flushed. Two threads read this map, and none changes it. */
    private Map<BatchKey, Receipt> acknowledgedInSnapshot = Map.of();

    /** Entries of {@code lastSeen} that the last flush wrote to the table of devices. */
    private Map<String, LastSeen> lastSeenInTable = Map.of();

    private volatile long bytes;
    private volatile long batches;
    private volatile long oldestTime = Long.MAX_VALUE;
    private volatile long lastEntry;
    private volatile int maxChunksOfSeries;

    /** Adds the batches of an entry that was committed. */
    void add(List<JournalBatch> entry, long entryBytes) {
        for (var batch : entry) {
            for (int i = 0; i < batch.chunks.length; i++) {
                var chunks = chunksBySeries
                        .getOrDefault(batch.series[i], new SeriesChunks(batch.patient, NO_CHUNKS, 0))
                        .append(batch.chunks[i]);
                chunksBySeries.put(batch.series[i], chunks);
                maxChunksOfSeries = Math.max(maxChunksOfSeries, chunks.size);
            }
            acknowledged.put(
                    new BatchKey(batch.device, batch.acknowledged.sequence()),
                    Receipt.of(batch.patient, batch.acknowledged));
            var earlier = lastSeen.get(batch.deviceId);
            long last = earlier == null ? 0 : earlier.lastSequence;
            lastSeen.put(
                    batch.deviceId,
                    new LastSeen(batch.device, batch.time, Sequences.max(last, batch.acknowledged.sequence())));
            oldestTime = Math.min(oldestTime, batch.time);
            lastEntry = batch.entry;
        }
        bytes += entryBytes;
        batches += entry.size();
    }

    /** The readings of a series, in a list that does not change. */
    List<MemtableChunk> chunksOf(long series) {
        var chunks = chunksBySeries.get(series);
        return chunks == null ? List.of() : chunks.asList();
    }

    /** The receipt of a batch; null if there is none here. For the thread that writes only. */
    Receipt receipt(BatchKey batch) {
        var receipt = acknowledged.get(batch);
        return receipt == null ? acknowledgedInSnapshot.get(batch) : receipt;
    }

    LastSeen lastSeen(String device) {
        return lastSeen.get(device);
    }

    /** A device from the table, with the last time and sequence of the journal if those are later. */
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
     * Everything up to an entry, which compaction flushes to other tables.
     *
     * @param acknowledged the receipts; the map does not change any more
     */
    public record FlushSnapshot(long lastEntry, Map<BatchKey, Receipt> acknowledged, long bytes, long batches) {

        public boolean isEmpty() {
            return batches == 0;
        }
    }

    /**
     * Takes a snapshot. It includes an earlier snapshot whose flush failed. For the thread that writes only.
     */
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

    /** Removes the readings of a series that were written to chunks on disk. */
    public void removeFlushed(long series, SeriesChunks flushed) {
        chunksBySeries.computeIfPresent(series, (_, chunks) -> {
            int sizeLeft = chunks.size - flushed.size;
            if (sizeLeft <= 0) {
                return null;
            }
            var left = new MemtableChunk[sizeLeft];
            System.arraycopy(chunks.chunks, flushed.size, left, 0, sizeLeft);
            return new SeriesChunks(chunks.patient, left, sizeLeft);
        });
    }

    /**
     * Removes the rest of a snapshot that was written to other tables and deleted from the journal. For the thread that
     * writes only.
     *
     * @param writtenLastSeen what was written to the table of devices
     * @param oldestTimeLeft about when the oldest batch came that is not in the snapshot
     */
    public void removeFlushed(FlushSnapshot snapshot, Map<String, LastSeen> writtenLastSeen, long oldestTimeLeft) {
        acknowledgedInSnapshot = Map.of();
        // Entries that were written just now stay until the next flush: a query may have read the device before the
        // write, and looks here next.
        lastSeenInTable.forEach(lastSeen::remove);
        lastSeenInTable = writtenLastSeen;
        bytes -= snapshot.bytes;
        batches -= snapshot.batches;
        oldestTime = batches == 0 ? Long.MAX_VALUE : oldestTimeLeft;
        // Batches that came since the snapshot are not counted. At worst a compaction comes later.
        maxChunksOfSeries = 0;
    }

    /** The receipts of batches that had readings of this patient, by device. For the thread that writes only. */
    public Map<Long, List<Receipt>> receiptsOf(long patient) {
        var byDevice = new HashMap<Long, List<Receipt>>();
        for (var receipts : List.of(acknowledgedInSnapshot, acknowledged)) {
            receipts.forEach((batch, receipt) -> {
                if (receipt.patient() == patient) {
                    byDevice.computeIfAbsent(batch.device, _ -> new ArrayList<>())
                            .add(receipt);
                }
            });
        }
        return byDevice;
    }

    /**
     * Removes the readings of a patient who was erased, and forgets the receipts. For the thread that writes only.
     */
    public void removePatient(long patient) {
        chunksBySeries.values().removeIf(chunks -> chunks.patient == patient);
        acknowledged.replaceAll((_, receipt) -> receipt.patient() == patient ? receipt.forgotten() : receipt);
        // Compaction may be reading the snapshot, so another map takes its place.
        var snapshot = new HashMap<>(acknowledgedInSnapshot);
        snapshot.replaceAll((_, receipt) -> receipt.patient() == patient ? receipt.forgotten() : receipt);
        acknowledgedInSnapshot = snapshot;
    }

    /** The size of the journal. */
    public long bytes() {
        return bytes;
    }

    public long batches() {
        return batches;
    }

    /** When the oldest batch was stored; {@link Long#MAX_VALUE} if there is none. */
    public long oldestTime() {
        return oldestTime;
    }

    /** How many chunks the series has that has most. */
    public int maxChunksOfSeries() {
        return maxChunksOfSeries;
    }
}
