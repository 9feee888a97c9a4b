package io.pulseplane.vitals.chunk;

/** The constants of the format, which the documentation of the package describes byte by byte. */
final class ChunkFormat {

    static final int VERSION = 1;

    /** Number of readings of a block; the last block of a chunk may have fewer. */
    static final int BLOCK_SIZE = 1_024;

    /**
     * A chunk of more readings has a summary. A smaller chunk is one block, from which the reader computes the summary.
     */
    static final int MAX_READINGS_WITHOUT_SUMMARY = 256;

    static final int CHECKSUM_BYTES = 4;

    /** The kind of the summary, in bits 4 and 5 of the first byte of a chunk. */
    static final int SUMMARY_ABSENT = 0;

    static final int SUMMARY_DECIMAL = 1;
    static final int SUMMARY_BINARY = 2;
    static final int SUMMARY_IMPOSSIBLE = 3;

    /** The encoding of the times of a block, in its first byte. */
    static final int TIMES_CONTINUATION = 0;

    static final int TIMES_REGULAR = 1;
    static final int TIMES_DELTA = 2;
    static final int TIMES_DELTA_OF_DELTA = 3;
    static final int TIMES_LINEAR = 4;

    /** Added to the encoding if the gap after the previous block is counted in the unit of the block. */
    static final int TIMES_GAP_IN_UNITS = 1 << 3;

    /** The mapping of values to integers, in bits 4 and 5 of the first byte of the values of a block. */
    static final int VALUES_DECIMAL = 0;

    static final int VALUES_DECIMAL_FLOAT = 1;
    static final int VALUES_RAW_BITS = 2;

    static final int VALUES_AS_DELTAS = 1 << 6;
    static final int VALUES_WITH_EXCEPTIONS = 1 << 7;

    /** The packing of integers, in one byte: the width itself, or one of these constants plus the width. */
    static final int PACKED_PATCHED = 65;

    static final int PACKED_RICE = 129;
    static final int MAX_RICE_PARAMETER = 52;
    static final int PACKED_RICE_PATCHED = PACKED_RICE + MAX_RICE_PARAMETER + 1;

    /** In the Rice code with patches, a quotient (the high bits) of this much or more becomes a patch. */
    static final int MIN_PATCHED_QUOTIENT = 24;

    /** Returns the number of blocks of a chunk with {@code count} readings. */
    static int blockCount(int count) {
        return (count + BLOCK_SIZE - 1) / BLOCK_SIZE;
    }

    static long zigzag(long signed) {
        return (signed << 1) ^ (signed >> 63);
    }

    static long unzigzag(long unsigned) {
        return (unsigned >>> 1) ^ -(unsigned & 1);
    }

    private ChunkFormat() {}
}
