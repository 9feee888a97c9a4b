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
 * A message from one plane to the others.
 *
 * @param origin the plane and its run
 * @param sequence number of the message within the run, from 1 on, without gaps
 * @param generation the generation whose values in Redis the plane keeps valid
 * @param keyId id of the key that the plane seals with
 * @param heartbeat number of the plane's last heartbeat; only the plane itself knows the time of it
 * @param echoes by run of a plane: the last heartbeat that was received from it before the changes were collected
 * @param isLeaving whether it is the plane's last message
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
     * Readings of one series that were stored.
     *
     * @param latest the latest of them
     * @param earliestTime time of the earliest of them
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

    /** Changes of one plane: stored readings, once for each series, changed consents and devices, erased patients. */
    record Changes(
            Collection<SeriesUpdate> seriesUpdates,
            Collection<String> consentPatients,
            Collection<String> devices,
            Collection<String> erasedPatients) {

        static final Changes NONE = new Changes(List.of(), List.of(), List.of(), List.of());

        List<Reading> latestReadings() {
            return seriesUpdates.stream().map(SeriesUpdate::latest).toList();
        }

        int size() {
            return seriesUpdates.size() + consentPatients.size() + devices.size() + erasedPatients.size();
        }
    }

    private static final int VERSION = 3;

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
            for (var update : changes.seriesUpdates) {
                out.writeLong(update.earliestTime);
            }
            writeStrings(out, changes.consentPatients);
            writeStrings(out, changes.devices);
            writeStrings(out, changes.erasedPatients);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory cannot fail", e);
        }
        return bytes.toByteArray();
    }

    private static void writeStrings(DataOutputStream out, Collection<String> strings) throws IOException {
        out.writeInt(strings.size());
        for (var string : strings) {
            out.writeUTF(string);
        }
    }

    /** The message; empty if the bytes are truncated or of another version. */
    static Optional<SiteMessage> decode(byte[] bytes) {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            if (in.readByte() != VERSION) {
                return Optional.empty();
            }
            var origin = new Origin(in.readUTF(), in.readLong());
            long sequence = in.readLong();
            long generation = in.readLong();
            int keyId = in.readInt();
            long heartbeat = in.readLong();
            var echoes = echoes(in);
            boolean isLeaving = in.readBoolean();
            var changes = new Changes(readSeriesUpdates(in), readStrings(in), readStrings(in), readStrings(in));
            return Optional.of(
                    new SiteMessage(origin, sequence, generation, keyId, heartbeat, echoes, isLeaving, changes));
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
        var updates = new SeriesUpdate[readings.size()];
        for (int i = 0; i < updates.length; i++) {
            updates[i] = new SeriesUpdate(readings.get(i), in.readLong());
        }
        return List.of(updates);
    }

    private static List<String> readStrings(DataInputStream in) throws IOException {
        var strings = new String[ReadingCodec.readSize(in)];
        for (int i = 0; i < strings.length; i++) {
            strings[i] = in.readUTF();
        }
        return List.of(strings);
    }
}
