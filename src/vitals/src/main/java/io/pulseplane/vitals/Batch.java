package io.pulseplane.vitals;

import java.util.List;

/**
 * The readings that a device sends in one message: well-formed, but not screened yet.
 *
 * @param device id of the device that measured
 * @param patient id of the patient whom the device measured
 * @param sequence the number of the batch among all batches of the device, unsigned, 1 or more
 * @param blocks at most one for each code
 */
public record Batch(String device, String patient, long sequence, List<Block> blocks) {

    /** Readings of one code as the device sent them: in any order, with any values. */
    public record Block(String code, String unit, long[] times, double[] values) {

        public Block {
            if (times.length != values.length) {
                throw new IllegalArgumentException(times.length + " times, " + values.length + " values");
            }
        }
    }

    public int size() {
        int size = 0;
        for (var block : blocks) {
            size += block.times().length;
        }
        return size;
    }

    /**
     * Returns a 64-bit digest of everything but device and sequence. It distinguishes a batch that a device sends again
     * from another batch that has the same sequence by mistake. It is not cryptographic: an attacker can construct two
     * batches with the same digest.
     */
    public long digest() {
        long digest = mix(0x9E3779B97F4A7C15L, patient);
        for (var block : blocks) {
            digest = mix(mix(digest, block.code()), block.unit());
            for (long time : block.times()) {
                digest = mix(digest, time);
            }
            for (double value : block.values()) {
                digest = mix(digest, Double.doubleToRawLongBits(value));
            }
        }
        return digest;
    }

    private static long mix(long digest, String text) {
        for (int i = 0; i < text.length(); i++) {
            digest = mix(digest, text.charAt(i));
        }
        return mix(digest, text.length());
    }

    /** One round of the 64-bit finalizer of MurmurHash3 (Appleby, public domain) over a running xor. */
    private static long mix(long digest, long word) {
        digest = (digest ^ word) * 0xFF51AFD7ED558CCDL;
        return digest ^ (digest >>> 33);
    }
}
