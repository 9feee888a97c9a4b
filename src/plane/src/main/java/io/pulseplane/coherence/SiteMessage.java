package io.pulseplane.coherence;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Reading;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What one plane says to the others, in one piece.
 *
 * @param origin which plane, in which run of it
 * @param sequence numbers the messages of a run, from 1 on, without gaps
 * @param generation of the values in Redis that may be trusted
 * @param keyId of the key the plane seals with
 * @param heartbeat the plane's last beat; a beat is a moment that only the plane itself can tell the time of
 * @param echoes for each plane that was heard: its last beat before what follows was collected
 * @param isLeaving whether it is the plane's last word
 */
record SiteMessage(
        Origin origin,
        long sequence,
        long generation,
        int keyId,
        long heartbeat,
        Map<Long, Long> echoes,
        boolean isLeaving,
        Changes changes) {

    /** @param runId a number that no other run of any plane has */
    record Origin(String plane, long runId) {}

    /**
     * What was stored of one series.
     *
     * @param latest of it
     * @param earliestTime before which nothing was
     */
    record SeriesUpdate(Reading latest, long earliestTime) {

        static SeriesUpdate of(Columns stored) {
            int last = stored.size() - 1;
            var latest = new Reading(stored.series(), stored.times()[last], stored.values()[last]);
            return new SeriesUpdate(latest, stored.firstTime());
        }

        static SeriesUpdate merge(SeriesUpdate a, SeriesUpdate b) {
            return new SeriesUpdate(
                    b.latest.time() > a.latest.time() ? b.latest : a.latest, Math.min(a.earliestTime, b.earliestTime));
        }
    }

    /** What was stored, of each series once, and what was changed. */
    record Changes(
            Collection<SeriesUpdate> seriesUpdates, Collection<String> consentPatients, Collection<String> devices) {

        static final Changes NONE = new Changes(List.of(), List.of(), List.of());

        List<Reading> latestReadings() {
            return seriesUpdates.stream().map(SeriesUpdate::latest).toList();
        }

        int size() {
            return seriesUpdates.size() + consentPatients.size() + devices.size();
        }
    }

    private static final int VERSION = 2;

    byte[] encode() {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeUTF(origin.plane);
            out.writeLong(origin.runId);
            out.writeLong(sequence);
            out.writeLong(generation);
            out.writeInt(keyId);
            out.writeLong(heartbeat);
            out.writeInt(echoes.size());
            for (var echo : echoes.entrySet()) {
                out.writeLong(echo.getKey());
                out.writeLong(echo.getValue());
            }
            out.writeBoolean(isLeaving);
            ReadingCodec.write(out, changes.latestReadings());
            for (var fresh : changes.seriesUpdates) {
                out.writeLong(fresh.earliestTime);
            }
            writeStrings(out, changes.consentPatients);
            writeStrings(out, changes.devices);
        } catch (IOException e) {
            throw new UncheckedIOException("bytes in memory can be written", e);
        }
        return bytes.toByteArray();
    }

    private static void writeStrings(DataOutputStream out, Collection<String> texts) throws IOException {
        out.writeInt(texts.size());
        for (var text : texts) {
            out.writeUTF(text);
        }
    }

    /** The message; empty if the bytes are of another version, or of none. */
    static Optional<SiteMessage> decode(byte[] bytes) {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            if (in.readByte() != VERSION) {
                return Optional.empty();
            }
            var from = new Origin(in.readUTF(), in.readLong());
            long sequence = in.readLong();
            long generation = in.readLong();
            int keyId = in.readInt();
            long beat = in.readLong();
            var echoes = echoes(in);
            boolean leaving = in.readBoolean();
            var changes = new Changes(readSeriesUpdates(in), readStrings(in), readStrings(in));
            return Optional.of(new SiteMessage(from, sequence, generation, keyId, beat, echoes, leaving, changes));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Map<Long, Long> echoes(DataInputStream in) throws IOException {
        int size = ReadingCodec.readSize(in);
        var echoes = LinkedHashMap.<Long, Long>newLinkedHashMap(size);
        for (int i = 0; i < size; i++) {
            echoes.put(in.readLong(), in.readLong());
        }
        return echoes;
    }

    private static List<SeriesUpdate> readSeriesUpdates(DataInputStream in) throws IOException {
        var readings = ReadingCodec.read(in);
        var stored = new SeriesUpdate[readings.size()];
        for (int i = 0; i < stored.length; i++) {
            stored[i] = new SeriesUpdate(readings.get(i), in.readLong());
        }
        return List.of(stored);
    }

    private static List<String> readStrings(DataInputStream in) throws IOException {
        var texts = new String[ReadingCodec.readSize(in)];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = in.readUTF();
        }
        return List.of(texts);
    }
}
