package io.pulseplane.vitals.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkRoundTripTest {

    private static final int[] COUNTS = {1, 2, 3, 9, 10, 127, 129, 256, 257, 1_000, 1_023, 1_024, 1_025, 2_049, 5_000};

    private final ChunkEncoder encoder = new ChunkEncoder();
    private final ChunkReader reader = new ChunkReader();
    private final SplittableRandom random = new SplittableRandom(42);

    @ParameterizedTest
    @EnumSource
    void restores_values_bit_for_bit(ColumnShape.Values shape) {
        for (int count : COUNTS) {
            assertRestored(ColumnShape.Times.REGULAR.generate(random, count), shape.generate(random, count));
        }
    }

    @ParameterizedTest
    @EnumSource
    void restores_times(ColumnShape.Times shape) {
        for (int count : COUNTS) {
            assertRestored(shape.generate(random, count), ColumnShape.Values.MONITOR.generate(random, count));
        }
    }

    @Test
    void restores_columns_that_change_their_shape() {
        for (int round = 0; round < 300; round++) {
            int count = random.nextInt(1, 4_000);
            assertRestored(patchworkOfTimes(count), patchworkOfValues(count));
        }
    }

    @Test
    void restores_the_longest_chunk() {
        int count = ChunkEncoder.MAX_READINGS;
        assertRestored(
                ColumnShape.Times.WITH_GAPS.generate(random, count),
                ColumnShape.Values.MONITOR.generate(random, count));
    }

    @ParameterizedTest
    @EnumSource
    void decodes_any_part_of_a_chunk(ColumnShape.Times shape) {
        for (int round = 0; round < 50; round++) {
            int count = random.nextInt(1, 4_000);
            var times = shape.generate(random, count);
            var values = patchworkOfValues(count);
            reader.open(encoder.encode(times, values, 0, count));
            int from = random.nextInt(count + 1);
            int to = random.nextInt(from, count + 1);
            assertPart(times, values, from, to);
        }
    }

    @ParameterizedTest
    @EnumSource
    void lower_bound_is_the_number_of_earlier_times(ColumnShape.Times shape) {
        int count = 3_000;
        var times = shape.generate(random, count);
        reader.open(encoder.encode(times, ColumnShape.Values.CONSTANT.generate(random, count), 0, count));
        for (int round = 0; round < 500; round++) {
            long nearTime = times[random.nextInt(count)];
            long time =
                    switch (random.nextInt(4)) {
                        case 0 -> nearTime == Long.MIN_VALUE ? nearTime : nearTime - 1;
                        case 1 -> nearTime;
                        case 2 -> nearTime == Long.MAX_VALUE ? nearTime : nearTime + 1;
                        default -> random.nextLong();
                    };
            long before = Arrays.stream(times).filter(t -> t < time).count();
            assertThat(reader.lowerBound(time)).as("%d", time).isEqualTo((int) before);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 257, 3_000})
    void header_has_the_count_and_the_first_and_last_time(int count) {
        var times = ColumnShape.Times.RANDOM.generate(random, count);
        reader.open(encoder.encode(times, ColumnShape.Values.MONITOR.generate(random, count), 0, count));
        assertThat(reader.count()).isEqualTo(count);
        assertThat(reader.firstTime()).isEqualTo(times[0]);
        assertThat(reader.lastTime()).isEqualTo(times[count - 1]);
    }

    @Test
    void same_readings_give_the_same_bytes_whatever_was_encoded_before_and_at_any_index() {
        for (int round = 0; round < 100; round++) {
            int count = random.nextInt(1, 3_000);
            var times = patchworkOfTimes(count);
            var values = patchworkOfValues(count);
            var chunk = new ChunkEncoder().encode(times, values, 0, count);

            var target = new byte[chunk.length + 20];
            int length = encoder.encode(shifted(times), shifted(values), 3, 3 + count, target, 7);

            assertThat(Arrays.copyOfRange(target, 7, 7 + length)).isEqualTo(chunk);
            assertThat(reader.open(target, 7, 7 + length).count()).isEqualTo(count);
            assertPart(times, values, 0, count);
        }
    }

    @Test
    void no_chunk_is_longer_than_the_maximum_length() {
        for (var shape : ColumnShape.Values.values()) {
            for (int count : COUNTS) {
                var times = ColumnShape.Times.FULL_RANGE.generate(random, count);
                assertThat(encoder.encode(times, shape.generate(random, count), 0, count))
                        .hasSizeLessThanOrEqualTo(ChunkEncoder.maxLength(count));
            }
        }
    }

    @Test
    void refuses_invalid_readings() {
        var threeValues = new double[3];
        assertThatThrownBy(() -> encoder.encode(new long[] {1, 3, 2}, threeValues, 0, 3))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> encoder.encode(new long[] {1, 2, 2}, threeValues, 0, 3))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> encoder.encode(new long[] {1, 2, 3}, threeValues, 2, 2))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> encoder.encode(new long[] {1, 2}, threeValues, 0, 3))
                .isInstanceOf(IndexOutOfBoundsException.class);
        int tooMany = ChunkEncoder.MAX_READINGS + 1;
        var times = ColumnShape.Times.REGULAR.generate(random, tooMany);
        assertThatThrownBy(() -> encoder.encode(times, new double[tooMany], 0, tooMany))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void leaves_a_target_that_is_too_small_unchanged() {
        var target = new byte[20];
        assertThatThrownBy(() -> encoder.encode(new long[] {1, 5, 7}, new double[] {1.1, 2, Math.PI}, 0, 3, target, 1))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(target).containsOnly(0);
    }

    @Test
    void refuses_indexes_outside_of_the_chunk() {
        reader.open(encoder.encode(new long[] {1, 2}, new double[] {1, 2}, 0, 2));
        assertThatThrownBy(() -> reader.times(0, 3, new long[3], 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> reader.values(-1, 1, new double[3], 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> reader.values(0, 2, new double[3], 2)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private void assertRestored(long[] times, double[] values) {
        reader.open(encoder.encode(times, values, 0, times.length));
        assertPart(times, values, 0, times.length);
    }

    /** Also checks that the reader leaves the target outside of the part unchanged. */
    private void assertPart(long[] times, double[] values, int from, int to) {
        int count = to - from;
        var timesRead = new long[count + 2];
        var valuesRead = new double[count + 2];
        reader.times(from, to, timesRead, 1);
        reader.values(from, to, valuesRead, 1);
        var expectedTimes = new long[count + 2];
        var expectedValues = new double[count + 2];
        System.arraycopy(times, from, expectedTimes, 1, count);
        System.arraycopy(values, from, expectedValues, 1, count);
        assertThat(timesRead).isEqualTo(expectedTimes);
        assertThat(bits(valuesRead)).isEqualTo(bits(expectedValues));
    }

    static long[] bits(double[] values) {
        return Arrays.stream(values).mapToLong(Double::doubleToRawLongBits).toArray();
    }

    private long[] patchworkOfTimes(int count) {
        var shapes = ColumnShape.Times.values();
        var times = new long[count];
        long end = 0;
        for (int from = 0; from < count; ) {
            int length = Math.min(count - from, random.nextInt(1, 1_500));
            // The last two shapes reach up to the largest time, so no patch can follow them.
            var patch = shapes[random.nextInt(shapes.length - 2)].generate(random, length);
            long shift = end + 1_000_000 - patch[0];
            for (int i = 0; i < length; i++) {
                times[from + i] = patch[i] + shift;
            }
            from += length;
            end = times[from - 1];
        }
        return times;
    }

    private double[] patchworkOfValues(int count) {
        var shapes = ColumnShape.Values.values();
        var values = new double[count];
        for (int from = 0; from < count; ) {
            int length = Math.min(count - from, random.nextInt(1, 1_500));
            System.arraycopy(shapes[random.nextInt(shapes.length)].generate(random, length), 0, values, from, length);
            from += length;
        }
        return values;
    }

    private static long[] shifted(long[] times) {
        var shifted = new long[times.length + 5];
        System.arraycopy(times, 0, shifted, 3, times.length);
        return shifted;
    }

    private static double[] shifted(double[] values) {
        var shifted = new double[values.length + 5];
        System.arraycopy(values, 0, shifted, 3, values.length);
        return shifted;
    }
}
