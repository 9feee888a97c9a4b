/**
 * The codec: columns of readings as chunks, a tenth of their size and less, and back bit for bit.
 *
 * <p>{@link io.pulseplane.vitals.chunk.ChunkEncoder} writes a chunk of 1 to 1,048,576 readings; {@link
 * io.pulseplane.vitals.chunk.ChunkReader} opens it, knows from its header how many readings it has, of when, and what they
 * come to, and decodes as much of it as it is asked for. Any strictly ascending times and any doubles come back, NaN and its
 * payload included. It is plain Java and knows nothing of stores.
 *
 * <h2>The format, version 1</h2>
 *
 * Numbers of more than one byte are little-endian. A <em>varint</em> is an unsigned 64-bit number of seven bits a byte,
 * lowest first, the eighth bit set in all but the last, at most ten bytes. A <em>signed</em> is a varint of the zigzag of a
 * number, {@code n << 1 ^ n >> 63}. All arithmetic on times and integers is modulo 2^64, so that nothing overflows.
 *
 * <pre>
 * chunk
 *   1 byte    bits 0-3: version, 1; bits 4-5: kind of summary; bits 6-7: 0
 *   varint    count of readings
 *   8 bytes   first time
 *   varint    last time, less the first
 *             summary
 *             blocks: each of 1,024 readings, the last of the rest
 *   4 bytes   CRC-32C of all bytes before
 *
 * summary, by kind
 *   0         none: of 256 readings or fewer, and only of these; whoever needs it decodes them
 *   1         decimal: the values are n / 10^scale, and n less than 2^20 on either side
 *     1 byte    scale, 0 to 15, the smallest possible
 *     signed    n of the first value
 *     signed    n of the last value, less the first
 *     varint    n of the first value, less the smallest
 *     varint    n of the largest value, less the first
 *     signed    sum of (n - first n)
 *     varint    sum of (n - first n)^2
 *   2         binary: six doubles, 8 bytes each: first, last, smallest, largest value, sum of (value - first value), sum of
 *             (value - first value)^2; sums are taken from the first to the last, each distance rounded, squared, rounded,
 *             added, rounded
 *   3         impossible: a value is NaN, infinite or beyond 2^480 on either side; no bytes
 *
 * block
 *   1 byte    way of its times
 *   0         continue: regular like the block before, without a gap; no bytes
 *   1         regular
 *     varint    first time of the block, less the last of the block before; not in the first block
 *     varint    last time of the block, less its first; not in the last block. Divided by the readings less one, it is the
 *               step, and leaves no remainder
 *   2, 3, 4   irregular; and 8 is added if the first of the two distances below is counted in units
 *     varint    unit, which divides all distances in the block: the smallest distance, 1,000,000, 1,000, or 1
 *     varint    first time, less the last of the block before, in microseconds or units; not in the first block
 *     varint    last time, less the first, in units; not in the last block
 *     varint    length of what follows of the times:
 *     2           distances: varint smallest distance; packed, each distance less the smallest
 *     3           distances of distances: varint first distance; packed, zigzag of each distance less the one before
 *     4           along a line: varint step; signed average; packed, of the i-th reading from 1 on, zigzag of
 *                 (time - first time - i * step - average)
 *   varint    length of what follows; not in the last block, where it goes up to the checksum
 *   1 byte    bits 0-3: scale; bits 4-5: mapping; bit 6: differences; bit 7: exceptions
 *   varint    shift, 0 to 63; only with mapping 2
 *             exceptions, if there are any: varint count; of each, varint readings skipped since the one before, and 8 bytes
 *             of the double
 *   signed    base
 *             packed integers: of differences, which are one fewer than readings, zigzag of each integer less the one
 *             before, the first integer is the base; or else, each integer less the base
 *
 * mapping of an integer n to a value
 *   0         n / 10^scale
 *   1         n / 10^scale rounded to a float
 *   2         the double whose bits are n << shift
 *
 * packed integers, by their first byte w
 *   0-64      the lowest w bits of each, one after the other, lowest first, the last byte filled with zeroes
 *   65-128    the lowest w - 65 bits of each, as above; varint count of patches; of each patch, varint integers skipped since
 *             the one before, varint the bits above
 *   129-181   Rice: the lowest k = w - 129 bits of each, as above; varint length; of each integer i, (i >> k) zero bits and a
 *             one, lowest first, the last byte filled with zeroes
 *   182-234   Rice with patches: the lowest k = w - 182 bits of each, as above; varint length and the unary part, as above,
 *             with zero for those of which (i >> k) is 24 and more; of these varint count, and of each patch, varint integers
 *             skipped since the one before, varint the bits above.
 * </pre>
 *
 * <h2>Where it comes from</h2>
 *
 * Values as decimals of a scale with exceptions, chosen by a sample, are ALP's idea (Afroozeh, Kuffó and Boncz, "ALP:
 * Adaptive Lossless floating-Point Compression", SIGMOD 2024). ALP multiplies by a rounded inverse and needs a second
 * exponent to make up for it; here an integer is divided by a power of ten, both exact, which finds the very double that the
 * decimal is read as, so one exponent does. Times as delta of delta and small chunks of one series are Gorilla's (Pelkonen et
 * al., "Gorilla: A Fast, Scalable, In-Memory Time Series Database", VLDB 2015); its XOR of neighbours is not used, because
 * the difference of the same bits taken as integers is never much longer and mostly shorter. Patches are those of PFOR
 * (Zukowski et al., "Super-Scalar RAM-CPU Cache Compression", ICDE 2006). Rice's code (1979) is laid out as in Elias-Fano
 * lists: low bits of one width, then high bits in unary, so that neither half waits for the other and a day is decoded in
 * half a millisecond.
 */
package io.pulseplane.vitals.chunk;
