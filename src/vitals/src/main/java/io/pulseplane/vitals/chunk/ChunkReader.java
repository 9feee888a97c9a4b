package io.pulseplane.vitals.chunk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Reads chunks, one after the other. To open a chunk, the reader verifies its checksum and reads its header. Later
 * calls decode only the blocks that they need.
 *
 * <p>A reader serves one thread at a time. It reuses its buffers, so a caller that reads many chunks should keep the
 * reader: it writes to the caller's arrays, and allocates only a larger block index when a chunk has more blocks than
 * all before. It reads the caller's bytes in place; they must not change before the next chunk is opened.
 *
 * <p>If the bytes are not a valid chunk, the reader throws {@link CorruptDataException} and no other exception, when
 * it opens or decodes them. Invalid bytes take no more time or memory than a valid chunk of their length can take.
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

    /** The indexes, in the caller's bytes, at which the blocks start and end. */
    private int blocksStart;

    private int blocksEnd;
    private boolean blockIndexLoaded;

    /** The times of the irregular block that was decoded last. */
    private final long[] decodedTimes = new long[ChunkFormat.BLOCK_SIZE];

    /** The block of {@link #decodedTimes}; -1 if there is none. */
    private int decodedTimesBlock = -1;

    public ChunkReader() {
        var unpacker = new IntegerUnpacker();
        timesDecoder = new TimesDecoder(unpacker);
        valuesDecoder = new ValuesDecoder(unpacker);
    }

    /** Opens the chunk that fills the array. */
    public ChunkReader open(byte[] bytes) {
        return open(bytes, 0, bytes.length);
    }

    /**
     * Opens the chunk in the bytes from index {@code from} to {@code to}, exclusive.
     *
     * @return this reader
     * @throws CorruptDataException if the bytes differ from those that the encoder wrote, or have an unknown version;
     *     the reader then has no chunk
     */
    public ChunkReader open(byte[] bytes, int from, int to) {
        Objects.checkFromToIndex(from, to, bytes.length);
        count = 0;
        blockIndexLoaded = false;
        decodedTimesBlock = -1;
        int end = to - ChunkFormat.CHECKSUM_BYTES;
        if (end <= from) {
            throw new CorruptDataException("the bytes end too early");
        }
        checksum.reset();
        checksum.update(bytes, from, end - from);
        if ((int) INT.get(bytes, end) != (int) checksum.getValue()) {
            throw new CorruptDataException("the checksum differs");
        }
        source.reset(bytes, from, end);
        readHeader();
        return this;
    }

    private void readHeader() {
        int first = source.readByte();
        if ((first & 0xF) != ChunkFormat.VERSION || first >> 6 != 0) {
            throw new CorruptDataException("unknown version");
        }
        int readings = source.readVarintUpTo(ChunkEncoder.MAX_READINGS);
        firstTime = source.readLong();
        lastTime = BlockIndex.plusUnsigned(firstTime, source.readVarint());
        if (readings == 0 || Long.compareUnsigned(lastTime - firstTime, readings - 1) < 0) {
            throw new CorruptDataException("the span of time is too short for the readings");
        }
        int kind = first >> 4;
        if ((kind == ChunkFormat.SUMMARY_ABSENT) != (readings <= ChunkFormat.MAX_READINGS_WITHOUT_SUMMARY)) {
            throw new CorruptDataException("a summary is missing, or present in a small chunk");
        }
        summary.read(source, kind, readings);
        blocksStart = source.position();
        blocksEnd = source.limit();
        count = readings;
    }

    /** Returns the number of readings of the chunk. */
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
     * Returns the summary of the values; empty if they have none, see {@link ChunkSummary#of}. A small chunk has no
     * summary in its header: the reader decodes its one block instead, which takes a microsecond and gives the same
     * result.
     */
    public Optional<ChunkSummary> summary() {
        if (count > ChunkFormat.MAX_READINGS_WITHOUT_SUMMARY) {
            return summary.summary(count);
        }
        var values = new double[count];
        values(0, count, values, 0);
        return ChunkSummary.of(values, 0, count);
    }

    /**
     * Returns the number of readings before the time, which is the index of the first reading that is not before it.
     * Decodes the times of at most one block.
     */
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

    /** Decodes the times of the readings from index {@code from} to {@code to}, exclusive, to the target. */
    public void times(int from, int to, long[] target, int targetIndex) {
        Objects.checkFromToIndex(from, to, count);
        Objects.checkFromIndexSize(targetIndex, to - from, target.length);
        for (int index = from; index < to; ) {
            ensureBlockIndex();
            int block = index / ChunkFormat.BLOCK_SIZE;
            int start = block * ChunkFormat.BLOCK_SIZE;
            int end = Math.min(to, start + ChunkFormat.BLOCK_SIZE);
            if (blockIndex.isRegular(block)) {
                blockIndex.fillRegularTimes(block, index - start, end - start, target, targetIndex + index - from);
            } else {
                decodeTimes(block);
                System.arraycopy(decodedTimes, index - start, target, targetIndex + index - from, end - index);
            }
            index = end;
        }
    }

    /** Decodes the values of the readings from index {@code from} to {@code to}, exclusive, to the target. */
    public void values(int from, int to, double[] target, int targetIndex) {
        Objects.checkFromToIndex(from, to, count);
        Objects.checkFromIndexSize(targetIndex, to - from, target.length);
        for (int index = from; index < to; ) {
            ensureBlockIndex();
            int block = index / ChunkFormat.BLOCK_SIZE;
            int start = block * ChunkFormat.BLOCK_SIZE;
            int end = Math.min(to, start + ChunkFormat.BLOCK_SIZE);
            blockIndex.selectValues(source, block);
            valuesDecoder.decode(
                    source, blockIndex.size(block), index - start, end - start, target, targetIndex + index - from);
            requireNothingLeft();
            index = end;
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
            throw new CorruptDataException("a block has unused bytes");
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
