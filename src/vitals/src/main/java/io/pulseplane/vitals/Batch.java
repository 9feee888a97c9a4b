package io.pulseplane.vitals;

import java.util.List;

/**
 * What a device sent at once, well-formed but not yet screened.
 *
 * @param device the device that measured
 * @param patient the patient that was measured
 * @param sequence numbers the batches of the device, unsigned, 1 or more
 * @param blocks at most one per code
 */
public record Batch(String device, String patient, long sequence, List<Block> blocks) {

    /** Readings of one code as they were sent: in any order, with any values. */
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
     * A 64-bit digest of everything but device and sequence. It tells a batch that is sent again from another batch that
     * took the same sequence by mistake; it is no defence against somebody who wants the two to agree.
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
        return digest ^ digest >>> 33;
    }
}
