package io.pulseplane.vitals.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever the bytes are, the reader either reads them or throws {@link CorruptDataException}. */
class CorruptChunkTest {

    private static final int CHECKSUM_BYTES = 4;

    private final ChunkEncoder encoder = new ChunkEncoder();
    private final ChunkReader reader = new ChunkReader();
    private final SplittableRandom random = new SplittableRandom(99);

    private int refused;
    private int read;

    @Test
    void a_flipped_bit_is_noticed_at_opening() {
        var chunk = chunk(ColumnShape.Times.WITH_GAPS, ColumnShape.Values.MONITOR, 500);
        for (int bit = 0; bit < chunk.length * 8; bit++) {
            var damaged = chunk.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            assertThatThrownBy(() -> reader.open(damaged)).isInstanceOf(CorruptDataException.class);
        }
    }

    @Test
    void a_truncated_chunk_is_noticed_at_opening() {
        var chunk = chunk(ColumnShape.Times.RANDOM, ColumnShape.Values.DOUBLES, 300);
        for (int length = 0; length < chunk.length; length++) {
            int end = length;
            assertThatThrownBy(() -> reader.open(chunk, 0, end)).isInstanceOf(CorruptDataException.class);
        }
    }

    @Test
    void an_unknown_version_is_refused() {
        var chunk = chunk(ColumnShape.Times.REGULAR, ColumnShape.Values.MONITOR, 10);
        chunk[0]++;
        assertThatThrownBy(() -> reader.open(withChecksum(chunk)))
                .isInstanceOf(CorruptDataException.class)
                .hasMessage("unknown version");
    }

    @ParameterizedTest
    @EnumSource
    void flipped_bits_under_a_valid_checksum_are_read_or_refused(ColumnShape.Values shape) {
        for (int round = 0; round < 1_000; round++) {
            var damaged = chunk(anyTimes(), shape, random.nextInt(1, 1_200));
            for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
                // Half of the flips hit the front of the chunk, where its structure is.
                int at = random.nextInt(random.nextBoolean() ? Math.min(40, damaged.length) : damaged.length);
                damaged[at] ^= (byte) (1 << random.nextInt(8));
            }
            readOrRefuse(withChecksum(damaged));
        }
        assertThat(refused).isPositive();
        assertThat(read).isPositive();
    }

    @ParameterizedTest
    @EnumSource
    void truncations_and_repetitions_under_a_valid_checksum_are_read_or_refused(ColumnShape.Times shape) {
        for (int round = 0; round < 1_000; round++) {
            var chunk = chunk(shape, anyValues(), random.nextInt(1, 2_500));
            int cut = random.nextInt(chunk.length);
            int resume = random.nextInt(chunk.length);
            var damaged = Arrays.copyOf(chunk, cut + chunk.length - resume);
            System.arraycopy(chunk, resume, damaged, cut, chunk.length - resume);
            if (damaged.length > CHECKSUM_BYTES) {
                readOrRefuse(withChecksum(damaged));
            }
        }
        assertThat(refused).isPositive();
    }

    @Test
    void random_bytes_after_a_valid_header_are_read_or_refused() {
        for (int round = 0; round < 50_000; round++) {
            var bytes = new byte[random.nextInt(CHECKSUM_BYTES + 1, 120)];
            random.nextBytes(bytes);
            bytes[0] = ChunkFormat.VERSION;
            readOrRefuse(withChecksum(bytes));
        }
        assertThat(refused).isPositive();
    }

    @Test
    void random_blocks_after_a_valid_header_are_read_or_refused() {
        for (int round = 0; round < 50_000; round++) {
            var bytes = ByteBuffer.allocate(random.nextInt(20, 200)).order(ByteOrder.LITTLE_ENDIAN);
            int count = random.nextInt(2, 12);
            bytes.put((byte) ChunkFormat.VERSION).put((byte) count).putLong(random.nextLong() >> 8);
            bytes.put((byte) random.nextInt(count, 128)).put((byte) random.nextInt(16));
            while (bytes.hasRemaining()) {
                bytes.put((byte) (random.nextInt(3) == 0 ? random.nextInt(256) : random.nextInt(4)));
            }
            readOrRefuse(withChecksum(bytes.array()));
        }
        assertThat(refused).isPositive();
        assertThat(read).isPositive();
    }

    @Test
    void a_small_chunk_that_claims_to_be_large_costs_no_memory() {
        var bytes = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put((byte) (ChunkFormat.VERSION | ChunkFormat.SUMMARY_IMPOSSIBLE << 4));
        bytes.put(new byte[] {(byte) 0x80, (byte) 0x80, 0x40}).putLong(0).put(new byte[] {-1, -1, -1, -1, 1});
        reader.open(withChecksum(bytes.array()));
        assertThat(reader.count()).isEqualTo(ChunkEncoder.MAX_READINGS);

        long before = allocatedBytes();
        assertThatThrownBy(() -> reader.lowerBound(1)).isInstanceOf(CorruptDataException.class);
        assertThat(allocatedBytes() - before).isLessThan(100_000);
    }

    @Test
    void reader_reads_the_next_chunk_after_it_refused_one() {
        var chunk = chunk(ColumnShape.Times.DRIFTING, ColumnShape.Values.MONITOR, 2_000);
        for (int round = 0; round < 1_000; round++) {
            var damaged = chunk.clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) random.nextInt(1, 256);
            readOrRefuse(round % 2 == 0 ? damaged : withChecksum(damaged));
        }
        refused = 0;
        readOrRefuse(chunk);
        assertThat(refused).isZero();
    }

    /** If the reader reads the bytes, the times must ascend from the first time of the header to the last. */
    private void readOrRefuse(byte[] bytes) {
        try {
            reader.open(bytes);
            int count = reader.count();
            reader.summary().ifPresent(CorruptChunkTest::assertFinite);
            reader.lowerBound(random.nextLong());
            reader.lowerBound(reader.firstTime() + 1);
            var times = new long[count];
            reader.times(0, count, times, 0);
            reader.values(0, count, new double[count], 0);
            assertThat(times[0]).isEqualTo(reader.firstTime());
            assertThat(times[count - 1]).isEqualTo(reader.lastTime());
            for (int i = 1; i < count; i++) {
                if (times[i] <= times[i - 1]) {
                    throw new AssertionError("times do not ascend");
                }
            }
            read++;
        } catch (CorruptDataException e) {
            refused++;
        }
    }

    private static void assertFinite(ChunkSummary summary) {
        assertThat(new double[] {
                    summary.first(),
                    summary.last(),
                    summary.min(),
                    summary.max(),
                    summary.sum(),
                    summary.sumOfSquaredDeviations()
                })
                .doesNotContain(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
    }

    private byte[] chunk(ColumnShape.Times times, ColumnShape.Values values, int count) {
        return encoder.encode(times.generate(random, count), values.generate(random, count), 0, count);
    }

    private ColumnShape.Times anyTimes() {
        return ColumnShape.Times.values()[random.nextInt(ColumnShape.Times.values().length)];
    }

    private ColumnShape.Values anyValues() {
        return ColumnShape.Values.values()[random.nextInt(ColumnShape.Values.values().length)];
    }

    private static byte[] withChecksum(byte[] bytes) {
        var checksum = new CRC32C();
        int end = bytes.length - CHECKSUM_BYTES;
        checksum.update(bytes, 0, end);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(end, (int) checksum.getValue());
        return bytes;
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
