package io.pulseplane.vitals.chunk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Reads chunks, one after the other. Opening one verifies its checksum and reads its header; what is asked for after that
 * decodes the blocks it touches and no others.
 *
 * <p>A reader is for one thread at a time and keeps its buffers, so whoever reads much keeps the reader: it writes to the
 * caller's arrays and allocates nothing itself, but for a list of blocks where a chunk has more of them than any before. It
 * reads the caller's bytes in place, which must not change before the next chunk is opened.
 *
 * <p>Bytes that are no chunk end in {@link CorruptChunkException} and in nothing else, at opening or when they are decoded; they
 * cost no more time or memory than a chunk of their length could.
 */
public final class ChunkReader {

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final ByteReader source = new ByteReader();
    private final SummaryAccumulator summary = new SummaryAccumulator();
    private final CRC32C checksum = new CRC32C();
    private final BlockIndex blockIndex = new BlockIndex();
    private final TimesDecoder timesDecoder;
    private final ValuesDecoder valuesDecoder;

    private int count;
    private long firstTime;
    private long lastTime;

    /** Where the blocks start and end, in the bytes of the chunk. */
    private int blocksStart;

    private int blocksEnd;
    private boolean blockIndexLoaded;

    /** The times of the irregular block that was decoded last; -1 is none. */
    private final long[] decodedTimes = new long[ChunkFormat.BLOCK_SIZE];

    private int decodedTimesBlock = -1;

    public ChunkReader() {
        var unpacking = new IntegerUnpacker();
        timesDecoder = new TimesDecoder(unpacking);
        valuesDecoder = new ValuesDecoder(unpacking);
    }

    /** Opens the chunk that these bytes are. */
    public ChunkReader open(byte[] bytes) {
        return open(bytes, 0, bytes.length);
    }

    /**
     * Opens the chunk that the bytes from index {@code from} to {@code to}, exclusive, are.
     *
     * @return this reader
     * @throws CorruptChunkException if they are not as they were written, or of a version that is not known; the reader has no chunk
     *     then
     */
    public ChunkReader open(byte[] bytes, int from, int to) {
        Objects.checkFromToIndex(from, to, bytes.length);
        count = 0;
        blockIndexLoaded = false;
        decodedTimesBlock = -1;
        int end = to - ChunkFormat.CHECKSUM_BYTES;
        if (end <= from) {
            throw new CorruptChunkException("ends early");
        }
        checksum.reset();
        checksum.update(bytes, from, end - from);
        if ((int) INT.get(bytes, end) != (int) checksum.getValue()) {
            throw new CorruptChunkException("checksum differs");
        }
        source.reset(bytes, from, end);
        readHeader();
        return this;
    }

    private void readHeader() {
        int first = source.readByte();
        if ((first & 0xF) != ChunkFormat.VERSION || first >> 6 != 0) {
            throw new CorruptChunkException("unknown version");
        }
        int readings = source.readVarintUpTo(ChunkEncoder.MAX_READINGS);
        firstTime = source.readLong();
        lastTime = BlockIndex.plusUnsigned(firstTime, source.readVarint());
        if (readings == 0 || Long.compareUnsigned(lastTime - firstTime, readings - 1) < 0) {
            throw new CorruptChunkException("fewer times than readings");
        }
        int kind = first >> 4;
        if (kind == ChunkFormat.SUMMARY_ABSENT != readings <= ChunkFormat.MAX_READINGS_WITHOUT_SUMMARY) {
            throw new CorruptChunkException("summary where none belongs, or none");
        }
        summary.read(source, kind, readings);
        blocksStart = source.position();
        blocksEnd = source.limit();
        count = readings;
    }

    /** How many readings the chunk has. */
    public int count() {
        return count;
    }

    public long firstTime() {
        return firstTime;
    }

    public long lastTime() {
        return lastTime;
    }

    /**
     * What the values come to; empty if they cannot be summed up, see {@link ChunkSummary#of}. A small chunk carries no
     * summary: it is decoded instead, which takes a microsecond, and answers the same.
     */
    public Optional<ChunkSummary> summary() {
        if (count > ChunkFormat.MAX_READINGS_WITHOUT_SUMMARY) {
            return summary.summary(count);
        }
        var values = new double[count];
        values(0, count, values, 0);
        return ChunkSummary.of(values, 0, count);
    }

    /** How many readings are before that time: the index of the first that is not. Decodes the times of one block at most. */
    public int lowerBound(long time) {
        if (time <= firstTime) {
            return 0;
        } else if (time > lastTime) {
            return count;
        }
        ensureBlockIndex();
        int block = blockIndex.blockAt(time);
        int start = block * ChunkFormat.BLOCK_SIZE;
        int size = blockIndex.size(block);
        if (time > blockIndex.lastTime(block)) {
            return start + size;
        } else if (blockIndex.isRegular(block)) {
            return start + blockIndex.regularLowerBound(block, time);
        }
        decodeTimes(block);
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (decodedTimes[middle] < time) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return start + low;
    }

    /** Decodes the times of the readings from index {@code from} to {@code to}, exclusive. */
    public void times(int from, int to, long[] into, int at) {
        Objects.checkFromToIndex(from, to, count);
        Objects.checkFromIndexSize(at, to - from, into.length);
        for (int next = from; next < to; ) {
            ensureBlockIndex();
            int block = next / ChunkFormat.BLOCK_SIZE;
            int start = block * ChunkFormat.BLOCK_SIZE;
            int end = Math.min(to, start + ChunkFormat.BLOCK_SIZE);
            if (blockIndex.isRegular(block)) {
                blockIndex.fillRegularTimes(block, next - start, end - start, into, at + next - from);
            } else {
                decodeTimes(block);
                System.arraycopy(decodedTimes, next - start, into, at + next - from, end - next);
            }
            next = end;
        }
    }

    /** Decodes the values of the readings from index {@code from} to {@code to}, exclusive. */
    public void values(int from, int to, double[] into, int at) {
        Objects.checkFromToIndex(from, to, count);
        Objects.checkFromIndexSize(at, to - from, into.length);
        for (int next = from; next < to; ) {
            ensureBlockIndex();
            int block = next / ChunkFormat.BLOCK_SIZE;
            int start = block * ChunkFormat.BLOCK_SIZE;
            int end = Math.min(to, start + ChunkFormat.BLOCK_SIZE);
            blockIndex.selectValues(source, block);
            valuesDecoder.decode(source, blockIndex.size(block), next - start, end - start, into, at + next - from);
            requireNothingLeft();
            next = end;
        }
    }

    private void decodeTimes(int block) {
        if (decodedTimesBlock != block) {
            decodedTimesBlock = -1;
            blockIndex.selectTimes(source, block);
            timesDecoder.decode(
                    source,
                    blockIndex.timesEncoding(block),
                    blockIndex.size(block),
                    blockIndex.unit(block),
                    blockIndex.firstTime(block),
                    blockIndex.lastTime(block),
                    decodedTimes);
            requireNothingLeft();
            decodedTimesBlock = block;
        }
    }

    private void requireNothingLeft() {
        if (source.remaining() != 0) {
            throw new CorruptChunkException("bytes left over");
        }
    }

    private void ensureBlockIndex() {
        if (!blockIndexLoaded) {
            source.setBounds(blocksStart, blocksEnd);
            blockIndex.read(source, count, firstTime, lastTime);
            blockIndexLoaded = true;
        }
    }
}
