package io.pulseplane.vitals.chunk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * Encodes columns as chunks. {@link ChunkReader} returns the same times and values, bit for bit. The same columns
 * always give the same bytes, whatever the encoder encoded before.
 *
 * <p>An encoder serves one thread at a time. It reuses its buffers, so a caller that encodes many chunks should keep
 * the encoder: after the first chunks it allocates nothing but the result.
 */
public final class ChunkEncoder {

    /** A chunk has at least one reading and at most this many. */
    public static final int MAX_READINGS = 1 << 20;

    private static final int MAX_HEADER = 128;
    private static final int MAX_BLOCK_OVERHEAD = 128;
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final ByteWriter header = new ByteWriter();
    private final ByteWriter blocks = new ByteWriter();
    private final SummaryAccumulator summary = new SummaryAccumulator();
    private final CRC32C checksum = new CRC32C();
    private final TimesEncoder timesEncoder;
    private final ValuesEncoder valuesEncoder;

    public ChunkEncoder() {
        var packer = new IntegerPacker();
        timesEncoder = new TimesEncoder(packer);
        valuesEncoder = new ValuesEncoder(packer);
    }

    /** Returns an upper bound of the length of a chunk of {@code count} readings. */
    public static int maxLength(int count) {
        return MAX_HEADER + ChunkFormat.blockCount(count) * MAX_BLOCK_OVERHEAD + count * 2 * Long.BYTES;
    }

    /**
     * Encodes the readings from index {@code from} to {@code to}, exclusive, to a new array. It fails as {@link
     * #encode(long[], double[], int, int, byte[], int)} does.
     */
    public byte[] encode(long[] times, double[] values, int from, int to) {
        var chunk = new byte[encodeToBuffers(times, values, from, to)];
        assemble(chunk, 0);
        return chunk;
    }

    /**
     * Encodes the readings from index {@code from} to {@code to}, exclusive, to {@code target} from index
     * {@code targetIndex} on.
     *
     * @return the length of the chunk
     * @throws IllegalArgumentException if there are no readings or more than {@link #MAX_READINGS}, or their times do
     *     not ascend strictly
     * @throws IndexOutOfBoundsException if an index is outside of its array, or the target is too small; then the
     *     target is unchanged
     */
    public int encode(long[] times, double[] values, int from, int to, byte[] target, int targetIndex) {
        int length = encodeToBuffers(times, values, from, to);
        Objects.checkFromIndexSize(targetIndex, length, target.length);
        assemble(target, targetIndex);
        return length;
    }

    private int encodeToBuffers(long[] times, double[] values, int from, int to) {
        checkArguments(times, values, from, to);
        summary.clear();
        blocks.clear();
        for (int start = from; start < to; start += ChunkFormat.BLOCK_SIZE) {
            int count = Math.min(ChunkFormat.BLOCK_SIZE, to - start);
            encodeBlock(times, values, start, count, start == from, start + count == to);
        }
        if (to - from > ChunkFormat.MAX_READINGS_WITHOUT_SUMMARY && summary.kind() != ChunkFormat.SUMMARY_DECIMAL) {
            summary.addAll(values, from, to);
        }
        writeHeader(times, from, to);
        return header.position() + blocks.position() + ChunkFormat.CHECKSUM_BYTES;
    }

    private static void checkArguments(long[] times, double[] values, int from, int to) {
        Objects.checkFromToIndex(from, to, Math.min(times.length, values.length));
        if (from == to || to - from > MAX_READINGS) {
            throw new IllegalArgumentException("a chunk has 1 to " + MAX_READINGS + " readings, not " + (to - from));
        }
        int ascents = 0;
        for (int i = from + 1; i < to; i++) {
            ascents += times[i] > times[i - 1] ? 1 : 0;
        }
        if (ascents != to - from - 1) {
            throw new IllegalArgumentException("the times do not ascend");
        }
    }

    private void encodeBlock(long[] times, double[] values, int from, int count, boolean first, boolean last) {
        blocks.ensureCapacity(MAX_BLOCK_OVERHEAD + count * 2 * Long.BYTES);
        timesEncoder.encode(blocks, times, from, count, first, last);
        int start = blocks.position();
        valuesEncoder.encode(blocks, values, from, count);
        if (!last) {
            blocks.prefixWithLength(start);
        }
        if (!(first && last && count <= ChunkFormat.MAX_READINGS_WITHOUT_SUMMARY)) {
            summary.addDecimals(valuesEncoder.integers(), count, valuesEncoder.exactScale());
        }
    }

    private void writeHeader(long[] times, int from, int to) {
        int count = to - from;
        boolean hasSummary = count > ChunkFormat.MAX_READINGS_WITHOUT_SUMMARY;
        header.clear();
        header.put(ChunkFormat.VERSION | (hasSummary ? summary.kind() : ChunkFormat.SUMMARY_ABSENT) << 4);
        header.putVarint(count);
        header.putLong(times[from]);
        header.putVarint(times[to - 1] - times[from]);
        if (hasSummary) {
            summary.write(header);
        }
    }

    private void assemble(byte[] target, int targetIndex) {
        int body = targetIndex + header.position();
        int end = body + blocks.position();
        System.arraycopy(header.bytes(), 0, target, targetIndex, header.position());
        System.arraycopy(blocks.bytes(), 0, target, body, blocks.position());
        checksum.reset();
        checksum.update(target, targetIndex, end - targetIndex);
        INT.set(target, end, (int) checksum.getValue());
    }
}
