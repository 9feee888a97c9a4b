package io.pulseplane.cache;

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
 * @param from which plane, in which run of it
 * @param sequence numbers the messages of a run, from 1 on, without gaps
 * @param generation of the values in Redis that may be trusted
 * @param keyId of the key the plane seals with
 * @param beat the plane's last beat; a beat is a moment that only the plane itself can tell the time of
 * @param echoes for each plane that was heard: its last beat before what follows was collected
 * @param leaving whether it is the plane's last word
 */
record Message(
        Origin from,
        long sequence,
        long generation,
        int keyId,
        long beat,
        Map<Long, Long> echoes,
        boolean leaving,
        Changes changes) {

    /** @param run a number that no other run of any plane has */
    record Origin(String plane, long run) {}

    /**
     * What was stored of one series.
     *
     * @param latest of it
     * @param since before which nothing was
     */
    record Fresh(Reading latest, long since) {

        static Fresh of(Columns stored) {
            int last = stored.size() - 1;
            var latest = new Reading(stored.series(), stored.times()[last], stored.values()[last]);
            return new Fresh(latest, stored.firstTime());
        }

        static Fresh both(Fresh a, Fresh b) {
            return new Fresh(b.latest.time() > a.latest.time() ? b.latest : a.latest, Math.min(a.since, b.since));
        }
    }

    /** What was stored, of each series once, and what was changed. */
    record Changes(Collection<Fresh> stored, Collection<String> consents, Collection<String> devices) {

        static final Changes NONE = new Changes(List.of(), List.of(), List.of());

        List<Reading> readings() {
            return stored.stream().map(Fresh::latest).toList();
        }

        int size() {
            return stored.size() + consents.size() + devices.size();
        }
    }

    private static final int VERSION = 2;

    byte[] encoded() {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeUTF(from.plane);
            out.writeLong(from.run);
            out.writeLong(sequence);
            out.writeLong(generation);
            out.writeInt(keyId);
            out.writeLong(beat);
            out.writeInt(echoes.size());
            for (var echo : echoes.entrySet()) {
                out.writeLong(echo.getKey());
                out.writeLong(echo.getValue());
            }
            out.writeBoolean(leaving);
            ReadingBytes.write(out, changes.readings());
            for (var fresh : changes.stored) {
                out.writeLong(fresh.since);
            }
            write(out, changes.consents);
            write(out, changes.devices);
        } catch (IOException e) {
            throw new UncheckedIOException("bytes in memory can be written", e);
        }
        return bytes.toByteArray();
    }

    private static void write(DataOutputStream out, Collection<String> texts) throws IOException {
        out.writeInt(texts.size());
        for (var text : texts) {
            out.writeUTF(text);
        }
    }

    /** The message; empty if the bytes are of another version, or of none. */
    static Optional<Message> of(byte[] bytes) {
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
            var changes = new Changes(stored(in), texts(in), texts(in));
            return Optional.of(new Message(from, sequence, generation, keyId, beat, echoes, leaving, changes));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Map<Long, Long> echoes(DataInputStream in) throws IOException {
        int size = ReadingBytes.size(in);
        var echoes = LinkedHashMap.<Long, Long>newLinkedHashMap(size);
        for (int i = 0; i < size; i++) {
            echoes.put(in.readLong(), in.readLong());
        }
        return echoes;
    }

    private static List<Fresh> stored(DataInputStream in) throws IOException {
        var readings = ReadingBytes.read(in);
        var stored = new Fresh[readings.size()];
        for (int i = 0; i < stored.length; i++) {
            stored[i] = new Fresh(readings.get(i), in.readLong());
        }
        return List.of(stored);
    }

    private static List<String> texts(DataInputStream in) throws IOException {
        var texts = new String[ReadingBytes.size(in)];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = in.readUTF();
        }
        return List.of(texts);
    }
}
