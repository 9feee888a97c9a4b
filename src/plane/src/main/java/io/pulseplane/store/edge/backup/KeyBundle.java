package io.pulseplane.store.edge.backup;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The files with keys, by name relative to the data directory. In a backup they are sealed for the recovery key. They
 * pass through memory: about 130 bytes a patient.
 */
record KeyBundle(SortedMap<String, byte[]> files) {

    static final String DATA_KEYS = "keys.db";
    static final String NODE_KEY = "node.key";

    /** What the sealed text is for. */
    static String use(String store, int number) {
        return "keys of store " + store + ", backup " + number;
    }

    byte[] encode() {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeInt(files.size());
            for (var file : files.entrySet()) {
                out.writeUTF(file.getKey());
                out.writeInt(file.getValue().length);
                out.write(file.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static KeyBundle decode(byte[] bytes) throws IOException {
        var in = new DataInputStream(new ByteArrayInputStream(bytes));
        var files = new TreeMap<String, byte[]>();
        for (int left = in.readInt(); left > 0; left--) {
            files.put(in.readUTF(), in.readNBytes(in.readInt()));
        }
        return new KeyBundle(files);
    }
}
