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
    void values_come_back_bit_for_bit(ColumnShape.Values shape) {
        for (int count : COUNTS) {
            assertComesBack(ColumnShape.Times.REGULAR.generate(random, count), shape.generate(random, count));
        }
    }

    @ParameterizedTest
    @EnumSource
    void times_come_back(ColumnShape.Times shape) {
        for (int count : COUNTS) {
            assertComesBack(shape.generate(random, count), ColumnShape.Values.MONITOR.generate(random, count));
        }
    }

    @Test
    void columns_that_change_their_shape_come_back() {
        for (int round = 0; round < 300; round++) {
            int count = random.nextInt(1, 4_000);
            assertComesBack(patchworkOfTimes(count), patchworkOfValues(count));
        }
    }

    @Test
    void the_longest_chunk_comes_back() {
        int count = ChunkEncoder.MAX_READINGS;
        assertComesBack(
                ColumnShape.Times.WITH_GAPS.generate(random, count),
                ColumnShape.Values.MONITOR.generate(random, count));
    }

    @ParameterizedTest
    @EnumSource
    void a_part_is_the_part_of_the_whole(ColumnShape.Times shape) {
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
    void a_range_of_times_is_what_a_filter_would_find(ColumnShape.Times shape) {
        int count = 3_000;
        var times = shape.generate(random, count);
        reader.open(encoder.encode(times, ColumnShape.Values.CONSTANT.generate(random, count), 0, count));
        for (int round = 0; round < 500; round++) {
            long near = times[random.nextInt(count)];
            long time =
                    switch (random.nextInt(4)) {
                        case 0 -> near == Long.MIN_VALUE ? near : near - 1;
                        case 1 -> near;
                        case 2 -> near == Long.MAX_VALUE ? near : near + 1;
                        default -> random.nextLong();
                    };
            long before = Arrays.stream(times).filter(t -> t < time).count();
            assertThat(reader.lowerBound(time)).as("%d", time).isEqualTo((int) before);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 257, 3_000})
    void a_header_says_how_many_and_when(int count) {
        var times = ColumnShape.Times.RANDOM.generate(random, count);
        reader.open(encoder.encode(times, ColumnShape.Values.MONITOR.generate(random, count), 0, count));
        assertThat(reader.count()).isEqualTo(count);
        assertThat(reader.firstTime()).isEqualTo(times[0]);
        assertThat(reader.lastTime()).isEqualTo(times[count - 1]);
    }

    @Test
    void same_readings_give_the_same_bytes_whatever_was_encoded_before_and_wherever_they_lie() {
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
    void no_chunk_is_longer_than_foretold() {
        for (var shape : ColumnShape.Values.values()) {
            for (int count : COUNTS) {
                var times = ColumnShape.Times.FULL_RANGE.generate(random, count);
                assertThat(encoder.encode(times, shape.generate(random, count), 0, count))
                        .hasSizeLessThanOrEqualTo(ChunkEncoder.maxLength(count));
            }
        }
    }

    @Test
    void refuses_what_is_no_chunk_of_readings() {
        var three = new double[3];
        assertThatThrownBy(() -> encoder.encode(new long[] {1, 3, 2}, three, 0, 3))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> encoder.encode(new long[] {1, 2, 2}, three, 0, 3))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> encoder.encode(new long[] {1, 2, 3}, three, 2, 2))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> encoder.encode(new long[] {1, 2}, three, 0, 3))
                .isInstanceOf(IndexOutOfBoundsException.class);
        int tooMany = ChunkEncoder.MAX_READINGS + 1;
        var times = ColumnShape.Times.REGULAR.generate(random, tooMany);
        assertThatThrownBy(() -> encoder.encode(times, new double[tooMany], 0, tooMany))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void writes_nothing_where_there_is_no_room() {
        var target = new byte[20];
        assertThatThrownBy(() -> encoder.encode(new long[] {1, 5, 7}, new double[] {1.1, 2, Math.PI}, 0, 3, target, 1))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(target).containsOnly(0);
    }

    @Test
    void answers_nothing_outside_of_the_chunk() {
        reader.open(encoder.encode(new long[] {1, 2}, new double[] {1, 2}, 0, 2));
        assertThatThrownBy(() -> reader.times(0, 3, new long[3], 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> reader.values(-1, 1, new double[3], 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> reader.values(0, 2, new double[3], 2)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private void assertComesBack(long[] times, double[] values) {
        reader.open(encoder.encode(times, values, 0, times.length));
        assertPart(times, values, 0, times.length);
    }

    /** What is read beside the part stays as it was. */
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
            // The last two reach to the end of time, and nothing comes after them.
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
