package io.pulseplane.vitals.chunk;

/** The numbers of the format, which the package's documentation describes byte by byte. */
final class ChunkFormat {

    static final int VERSION = 1;

    /** Readings of a block; the last block of a chunk may have fewer. */
    static final int BLOCK_SIZE = 1_024;

    /** Chunks of more readings carry their summary; of fewer, it is computed from the one block they are. */
    static final int MAX_READINGS_WITHOUT_SUMMARY = 256;

    static final int CHECKSUM_BYTES = 4;

    /** How the values of a chunk are summed up, in bits 4 and 5 of the first byte. */
    static final int SUMMARY_ABSENT = 0;

    static final int SUMMARY_DECIMAL = 1;
    static final int SUMMARY_BINARY = 2;
    static final int SUMMARY_IMPOSSIBLE = 3;

    /** How the times of a block are written, in its first byte. */
    static final int TIMES_CONTINUATION = 0;

    static final int TIMES_REGULAR = 1;
    static final int TIMES_DELTA = 2;
    static final int TIMES_DELTA_OF_DELTA = 3;
    static final int TIMES_LINEAR = 4;

    /** The distance from the block before, too, is counted in the block's unit. */
    static final int TIMES_GAP_IN_UNITS = 1 << 3;

    /** How the values of a block become integers, in bits 4 and 5 of the first byte of its values. */
    static final int VALUES_DECIMAL = 0;

    static final int VALUES_DECIMAL_FLOAT = 1;
    static final int VALUES_RAW_BITS = 2;

    static final int VALUES_AS_DELTAS = 1 << 6;
    static final int VALUES_WITH_EXCEPTIONS = 1 << 7;

    /** How integers are packed: the width itself, or one of these and the width. */
    static final int PACKED_PATCHED = 65;

    static final int PACKED_RICE = 129;
    static final int MAX_RICE_PARAMETER = 52;
    static final int PACKED_RICE_PATCHED = PACKED_RICE + MAX_RICE_PARAMETER + 1;

    /** In Rice's code with patches, high bits that come to this much are a patch. */
    static final int MIN_PATCHED_QUOTIENT = 24;

    /** How many blocks a chunk of that many readings has. */
    static int blockCount(int count) {
        return (count + BLOCK_SIZE - 1) / BLOCK_SIZE;
    }

    static long zigzag(long signed) {
        return signed << 1 ^ signed >> 63;
    }

    static long unzigzag(long unsigned) {
        return unsigned >>> 1 ^ -(unsigned & 1);
    }

    private ChunkFormat() {}
}
