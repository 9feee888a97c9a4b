package io.pulseplane.store.chunk;

/** The numbers of the format, which the package's documentation describes byte by byte. */
final class Format {

    static final int VERSION = 1;

    /** Readings of a block; the last block of a chunk may have fewer. */
    static final int BLOCK = 1_024;

    /** Chunks of more readings carry their summary; of fewer, it is computed from the one block they are. */
    static final int UNSUMMARISED = 256;

    /** The longest whole number of seven-bit groups that holds a long. */
    static final int VARINT_BYTES = 10;

    static final int CHECKSUM_BYTES = 4;

    /** How the values of a chunk are summed up, in bits 4 and 5 of the first byte. */
    static final int SUMMARY_ABSENT = 0;

    static final int SUMMARY_DECIMAL = 1;
    static final int SUMMARY_BINARY = 2;
    static final int SUMMARY_IMPOSSIBLE = 3;

    /** How the times of a block are written, in its first byte. */
    static final int TIMES_CONTINUE = 0;

    static final int TIMES_REGULAR = 1;
    static final int TIMES_DELTAS = 2;
    static final int TIMES_DELTAS_OF_DELTAS = 3;
    static final int TIMES_ALONG_A_LINE = 4;

    /** The distance from the block before, too, is counted in the block's unit. */
    static final int TIMES_GAP_IN_UNITS = 1 << 3;

    /** How the values of a block become integers, in bits 4 and 5 of the first byte of its values. */
    static final int VALUES_DECIMAL = 0;

    static final int VALUES_DECIMAL_FLOAT = 1;
    static final int VALUES_BITS = 2;

    static final int VALUES_AS_DELTAS = 1 << 6;
    static final int VALUES_WITH_EXCEPTIONS = 1 << 7;

    /** How integers are packed: the width itself, or one of these and the width. */
    static final int PACKED_PATCHED = 65;

    static final int PACKED_RICE = 129;
    static final int WIDEST_RICE = 52;
    static final int PACKED_RICE_PATCHED = PACKED_RICE + WIDEST_RICE + 1;

    /** In Rice's code with patches, high bits that come to this much are a patch. */
    static final int RICE_PATCHED_FROM = 24;

    /** How many blocks a chunk of that many readings has. */
    static int blocks(int count) {
        return (count + BLOCK - 1) / BLOCK;
    }

    static long zigzag(long signed) {
        return signed << 1 ^ signed >> 63;
    }

    static long unzigzag(long unsigned) {
        return unsigned >>> 1 ^ -(unsigned & 1);
    }

    private Format() {}
}
