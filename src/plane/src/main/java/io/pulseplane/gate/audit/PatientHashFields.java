package io.pulseplane.gate.audit;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * Writes the hashes of patients into lines, and remembers those of the {@value #MAX_PATIENTS} patients who were written
 * last: a hash is two runs of a cipher, and a stream or a ward page names the same patients again and again. Belongs
 * to the thread that writes.
 */
final class PatientHashFields {

    /** Half a megabyte. */
    private static final int MAX_PATIENTS = 4_096;

    private final PatientHash hash;
    private final SequencedMap<String, byte[]> hashes = new LinkedHashMap<>(16, 0.75f, true);

    PatientHashFields(PatientHash hash) {
        this.hash = hash;
    }

    void write(JsonBuffer out, byte[] name, String id) {
        var digits = hashes.get(id);
        if (digits == null) {
            digits = hash.of(id).getBytes(StandardCharsets.US_ASCII);
            hashes.put(id, digits);
            if (hashes.size() > MAX_PATIENTS) {
                hashes.pollFirstEntry();
            }
        }
        out.raw(name);
        out.raw(digits);
        out.raw('"');
    }
}
