package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.v1.AggregateResponse;
import io.pulseplane.v1.Columns;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Checks packed fields, which a message carries as unknown fields. */
class PackedFieldsTest {

    private final SplittableRandom random = new SplittableRandom(1);

    private static Columns columns(long[] times, double[] values) {
        return Columns.newBuilder()
                .setCode(ReadingFixtures.HEART_RATE)
                .setUnit("/min")
                .setStartUs(times.length == 0 ? 0 : times[0])
                .setUnknownFields(new PackedFields()
                        .deltas(Columns.TIME_DELTA_US_FIELD_NUMBER, times)
                        .doubles(Columns.VALUES_FIELD_NUMBER, values)
                        .build())
                .build();
    }

    private static Columns oneByOne(long[] times, double[] values) {
        var message = Columns.newBuilder()
                .setCode(ReadingFixtures.HEART_RATE)
                .setUnit("/min")
                .setStartUs(times.length == 0 ? 0 : times[0]);
        for (int i = 0; i < times.length; i++) {
            message.addTimeDeltaUs(i == 0 ? 0 : times[i] - times[i - 1]);
            message.addValues(values[i]);
        }
        return message.build();
    }

    private static void assertSame(long[] times, double[] values) {
        assertThat(columns(times, values).toByteArray())
                .isEqualTo(oneByOne(times, values).toByteArray());
    }

    @Test
    void have_the_same_bytes_as_known_fields() {
        var values =
                random.doubles(1_000).map(value -> Math.rint(value * 900) / 10).toArray();
        values[7] = -0.0;
        assertSame(random.longs(1_000, 0, 1L << 50).sorted().toArray(), values);
        assertSame(random.longs(1_000).toArray(), values);
        assertSame(new long[] {5}, new double[] {37.5});
        assertSame(new long[0], new double[0]);
    }

    @Test
    void are_parsed_as_known_fields() throws Exception {
        var counts = new long[] {0, 1, 127, 128, 1L << 40, Long.MAX_VALUE, -1};
        var message = AggregateResponse.newBuilder()
                .setWindowUs(60)
                .setUnknownFields(new PackedFields()
                        .unsigned(AggregateResponse.COUNT_FIELD_NUMBER, counts)
                        .doubles(AggregateResponse.MEAN_FIELD_NUMBER, new double[] {Double.NaN, 1.5})
                        .build())
                .build();
        var read = AggregateResponse.parseFrom(message.toByteArray());
        assertThat(read.getCountList())
                .containsExactlyElementsOf(Arrays.stream(counts).boxed().toList());
        assertThat(read.getMeanList()).containsExactly(Double.NaN, 1.5);
        assertThat(read.getUnknownFields().asMap()).isEmpty();
        assertThat(read.toByteArray()).isEqualTo(message.toByteArray());
    }
}
