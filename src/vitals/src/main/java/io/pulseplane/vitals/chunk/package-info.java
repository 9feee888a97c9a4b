/**
 * The chunk codec: compresses columns of readings to a tenth of their size or less, without loss.
 *
 * <p>{@link io.pulseplane.vitals.chunk.ChunkEncoder} writes a chunk of 1 to 1,048,576 readings.
 * {@link io.pulseplane.vitals.chunk.ChunkReader} opens a chunk, gets the number of readings, their first and last time
 * and their summary from the header, and decodes only the blocks that the caller needs. The codec restores any strictly
 * ascending times and any doubles bit for bit, NaN and its payload included. It is plain Java and independent of
 * stores.
 *
 * <h2>The format, version 1</h2>
 *
 * Numbers of more than one byte are little-endian. A <em>varint</em> is an unsigned 64-bit number of at most ten bytes:
 * seven bits a byte, lowest first, and the eighth bit set in all bytes but the last. A <em>signed</em> is the varint of
 * the zigzag encoding of a number, {@code (n << 1) ^ (n >> 63)}. All arithmetic on times and integers is modulo 2^64. A
 * <em>delta</em> is the difference of a number and the one before it.
 *
 * <pre>
 * chunk
 *   1 byte    bits 0-3: version, 1; bits 4-5: kind of summary; bits 6-7: 0
 *   varint    number of readings
 *   8 bytes   first time
 *   varint    last time minus first time
 *             summary
 *             blocks of 1,024 readings each; the last block may have fewer
 *   4 bytes   CRC-32C of all bytes before
 *
 * summary, by kind
 *   0         absent: in chunks of at most 256 readings, and only there; the reader computes it from the values
 *   1         decimal: every value is n / 10^scale, with n between -2^20 and 2^20, exclusive
 *     1 byte    scale, 0 to 15, the smallest possible
 *     signed    n of the first value
 *     signed    n of the last value minus n of the first
 *     varint    n of the first value minus n of the smallest
 *     varint    n of the largest value minus n of the first
 *     signed    sum of (n - first n)
 *     varint    sum of (n - first n)^2
 *   2         binary: six doubles, 8 bytes each: first, last, smallest, largest value, sum of (value - first value),
 *             sum of (value - first value)^2. The sums are computed in order, from the first value to the last: each
 *             distance is rounded, squared, rounded, added, rounded
 *   3         impossible: a value is NaN, infinite, or its magnitude exceeds 2^480; no bytes
 *
 * block
 *   1 byte    encoding of its times
 *   0         continuation: regular like the previous block, with the same step and without a gap; no bytes
 *   1         regular
 *     varint    gap: first time minus last time of the previous block; not in the first block
 *     varint    span: last time minus first time; not in the last block. The span divided by the number of readings
 *               minus one is the step, without remainder
 *   2, 3, 4   irregular: delta, delta of delta, linear; 8 is added if the gap is counted in units
 *     varint    unit, which divides all deltas of the block: the smallest delta, 1,000,000, 1,000, or 1
 *     varint    gap, in microseconds or units; not in the first block
 *     varint    span, in units; not in the last block
 *     varint    length of the rest of the times:
 *     2           delta: varint smallest delta; packed: each delta minus the smallest
 *     3           delta of delta: varint first delta; packed: zigzag of each delta minus the previous delta
 *     4           linear: varint slope; signed average residual; packed, of the i-th reading from 1 on: zigzag of the
 *                 residual (time - first time - i * slope) minus the average residual
 *   varint    length of the rest of the block; not in the last block, which ends at the checksum
 *   1 byte    bits 0-3: scale; bits 4-5: mapping; bit 6: deltas; bit 7: exceptions
 *   varint    shift, 0 to 63; only with mapping 2
 *             exceptions, if bit 7 is set: varint count; of each: varint number of readings skipped since the one
 *             before, and 8 bytes of the double
 *   signed    base
 *             packed integers. With deltas, the base is the first integer, and each further integer is packed as the
 *             zigzag of its delta, so that they are one fewer than readings. Otherwise the base is the frame of
 *             reference, and each integer is packed minus the base
 *
 * mapping of an integer n to a value
 *   0         decimal: n / 10^scale
 *   1         decimal float: n / 10^scale, rounded to a float
 *   2         raw bits: the double whose bits are n << shift
 *
 * packed integers, by their first byte w
 *   0-64      the lowest w bits of each, one after the other, lowest first; zero bits fill the last byte
 *   65-128    patched: the lowest w - 65 bits of each, as above; varint count of patches; of each patch: varint number
 *             of integers skipped since the one before, varint of its high bits
 *   129-181   Rice: the lowest k = w - 129 bits of each, as above; varint length; of each integer i: (i >> k) zero bits
 *             and a one, lowest first; zero bits fill the last byte
 *   182-234   Rice with patches: the lowest k = w - 182 bits of each, as above; varint length and the unary part, as
 *             above, with no zero bits for those of which (i >> k) is 24 or more; of these: varint count, and of each
 *             patch: varint number of integers skipped since the one before, varint of its high bits
 * </pre>
 *
 * <h2>Sources</h2>
 *
 * To encode values as decimals of one scale with exceptions, and to choose the scale by a sample, is the idea of ALP
 * (Afroozeh, Kuffó and Boncz, "ALP: Adaptive Lossless floating-Point Compression", SIGMOD 2024). ALP multiplies by a
 * rounded inverse, and needs a second exponent to correct the error. This codec divides an integer by a power of ten:
 * both are exact, the quotient is the double that parsing the decimal gives, and one exponent is enough. Delta of delta
 * for times, and small chunks of one series, come from Gorilla (Pelkonen et al., "Gorilla: A Fast, Scalable, In-Memory
 * Time Series Database", VLDB 2015). The codec does not use Gorilla's XOR of neighbours: the delta of the same bits as
 * integers is never much longer, and mostly shorter. Patches and frame of reference come from PFOR (Zukowski et al.,
 * "Super-Scalar RAM-CPU Cache Compression", ICDE 2006). The Rice code (1979) has the layout of Elias-Fano lists, low
 * bits of one width, then high bits in unary, so that a decoder reads both halves independently: it decodes a day in
 * half a millisecond.
 */
package io.pulseplane.vitals.chunk;
