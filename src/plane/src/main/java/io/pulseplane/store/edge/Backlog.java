package io.pulseplane.store.edge;

import io.pulseplane.store.Device;
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
final class Backlog {

    /** A series: readings that wait, in the order in which they came. */
    record Tail(long patient, Piece[] pieces, int size) {

        Tail with(Piece piece) {
            var array = pieces;
            if (size == array.length) {
                array = new Piece[Math.max(4, 2 * size)];
                System.arraycopy(pieces, 0, array, 0, size);
            }
            // Whoever holds this tail looks at the pieces below its size only.
            array[size] = piece;
            return new Tail(patient, array, size + 1);
        }

        List<Piece> list() {
            return Arrays.asList(pieces).subList(0, size);
        }
    }

    /** One batch that was written to the journal. */
    record Written(
            long entry,
            long device,
            String deviceId,
            long patient,
            long time,
            Sent sent,
            long[] series,
            Piece[] pieces) {}

    /** A batch is known by these. */
    record BatchOf(long device, long sequence) {}

    /** What was answered to a batch that brought readings of this patient. */
    record Answer(long patient, Sent sent) {}

    /** The last batch of a device, if the journal has it. */
    record Seen(long device, long time, long lastSequence) {}

    private static final Piece[] NONE = {};

    private final Map<Long, Tail> tails = new ConcurrentHashMap<>();
    private final Map<String, Seen> seen = new ConcurrentHashMap<>();
    private Map<BatchOf, Answer> sent = new HashMap<>();

    /** Of the cut that is being put elsewhere; read on two threads from then on, and changed by none. */
    private Map<BatchOf, Answer> sentBefore = Map.of();

    /** What the cut before had of this, which is in the table of devices. */
    private Map<String, Seen> seenBefore = Map.of();

    private volatile long bytes;
    private volatile long batches;
    private volatile long oldestTime = Long.MAX_VALUE;
    private volatile long lastEntry;
    private volatile int longestTail;

    /** Adds what was committed as one entry. */
    void add(List<Written> entry, long entryBytes) {
        for (var batch : entry) {
            for (int i = 0; i < batch.pieces.length; i++) {
                var piece = batch.pieces[i];
                var tail = tails.getOrDefault(batch.series[i], new Tail(batch.patient, NONE, 0))
                        .with(piece);
                tails.put(batch.series[i], tail);
                longestTail = Math.max(longestTail, tail.size);
            }
            sent.put(new BatchOf(batch.device, batch.sent.sequence()), new Answer(batch.patient, batch.sent));
            var before = seen.get(batch.deviceId);
            long last = before == null ? 0 : before.lastSequence;
            seen.put(batch.deviceId, new Seen(batch.device, batch.time, Sequences.later(last, batch.sent.sequence())));
            oldestTime = Math.min(oldestTime, batch.time);
            lastEntry = batch.entry;
        }
        bytes += entryBytes;
        batches += entry.size();
    }

    /** The readings of a series that wait; the list does not change. */
    List<Piece> of(long series) {
        var tail = tails.get(series);
        return tail == null ? List.of() : tail.list();
    }

    /** On the thread that writes only. */
    Sent sent(long device, long sequence) {
        var key = new BatchOf(device, sequence);
        var known = sent.get(key);
        if (known == null) {
            known = sentBefore.get(key);
        }
        return known == null ? null : known.sent;
    }

    Seen seen(String device) {
        return seen.get(device);
    }

    /** A device as it is known, with what the journal knows better. */
    Device brought(Device device) {
        var last = seen.get(device.id());
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
                        Math.max(last.time, device.lastSeen()),
                        Sequences.later(last.lastSequence, device.lastSequence()),
                        device.provisional(),
                        device.created(),
                        device.updated());
    }

    /**
     * Everything up to an entry, for the one who puts it elsewhere.
     *
     * @param sent the receipts; nobody changes them any more
     */
    record Cut(long lastEntry, Map<BatchOf, Answer> sent, long bytes, long batches) {

        boolean isEmpty() {
            return batches == 0;
        }
    }

    /** Takes a cut; what was in one before that was never forgotten is in this one, too. On the thread that writes only. */
    Cut cut() {
        if (sentBefore.isEmpty()) {
            sentBefore = sent;
        } else {
            var all = new HashMap<>(sentBefore);
            all.putAll(sent);
            sentBefore = all;
        }
        sent = new HashMap<>();
        return new Cut(lastEntry, sentBefore, bytes, batches);
    }

    Map<Long, Tail> tails() {
        return tails;
    }

    Map<String, Seen> seen() {
        return seen;
    }

    /** The readings of this series that were in the cut are in chunks. */
    void forget(long series, Tail done) {
        tails.computeIfPresent(series, (_, tail) -> {
            int rest = tail.size - done.size;
            if (rest <= 0) {
                return null;
            }
            var pieces = new Piece[rest];
            System.arraycopy(tail.pieces, done.size, pieces, 0, rest);
            return new Tail(tail.patient, pieces, rest);
        });
    }

    /** Everything that was in the cut is elsewhere, and gone from the journal. On the thread that writes only. */
    void forget(Cut cut, Map<String, Seen> written, long now) {
        sentBefore = Map.of();
        // Not those that were written just now: who read a device before that is about to look here.
        seenBefore.forEach(seen::remove);
        seenBefore = written;
        bytes -= cut.bytes;
        batches -= cut.batches;
        oldestTime = batches == 0 ? Long.MAX_VALUE : now;
        longestTail = 0;
    }

    /** What was answered to batches of this patient, by device. On the thread that writes only. */
    Map<Long, List<Sent>> sentOf(long patient) {
        var byDevice = new HashMap<Long, List<Sent>>();
        for (var answers : List.of(sentBefore, sent)) {
            answers.forEach((batch, answer) -> {
                if (answer.patient == patient) {
                    byDevice.computeIfAbsent(batch.device, _ -> new ArrayList<>())
                            .add(answer.sent);
                }
            });
        }
        return byDevice;
    }

    /** A patient was erased. */
    void forgetPatient(long patient) {
        tails.values().removeIf(tail -> tail.patient == patient);
    }

    long bytes() {
        return bytes;
    }

    long batches() {
        return batches;
    }

    /** When the oldest of it was written; {@link Long#MAX_VALUE} if there is nothing. */
    long oldestTime() {
        return oldestTime;
    }

    /** How many pieces the series has that has most. */
    int longestTail() {
        return longestTail;
    }
}
