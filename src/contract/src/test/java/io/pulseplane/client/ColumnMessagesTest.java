package io.pulseplane.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.v1.AggregateResponse;
import io.pulseplane.v1.SeriesColumns;
import io.pulseplane.vitals.Series;
import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class ColumnMessagesTest {

    @RepeatedTest(20)
    void reads_the_arrays_that_it_has_written(org.junit.jupiter.api.RepetitionInfo repetition) {
        var random = new SplittableRandom(repetition.getCurrentRepetition());
        var times = random.longs(random.nextInt(100)).toArray();
        var values = random.doubles(times.length, -1e6, 1e6).toArray();

        var message = ColumnMessages.message("8867-4", "/min", times, values);

        assertThat(ColumnMessages.times(message)).isEqualTo(times);
        assertThat(ColumnMessages.values(message)).isEqualTo(values);
        assertThat(message.getCode()).isEqualTo("8867-4");
        assertThat(message.getUnit()).isEqualTo("/min");
    }

    @Test
    void reads_the_columns_of_a_series() {
        var message = SeriesColumns.newBuilder()
                .setPatientId("ada")
                .setDeviceId("d1")
                .setColumns(ColumnMessages.message("8867-4", "/min", new long[] {5, 7}, new double[] {60, 61}))
                .build();

        var columns = ColumnMessages.columns(message);

        assertThat(columns.series()).isEqualTo(new Series("ada", "d1", "8867-4", "/min"));
        assertThat(columns.times()).containsExactly(5, 7);
        assertThat(columns.values()).containsExactly(60, 61);
    }

    @Test
    void computes_the_starts_of_windows_over_gaps() {
        var message = AggregateResponse.newBuilder()
                .setStartUs(1_000)
                .setWindowUs(10)
                .addSteps(0)
                .addSteps(1)
                .addSteps(3)
                .build();

        assertThat(ColumnMessages.windowStarts(message)).containsExactly(1_000, 1_010, 1_040);
    }

    @Test
    void refuses_columns_of_different_lengths() {
        assertThatThrownBy(() -> ColumnMessages.message("8867-4", "/min", new long[2], new double[1]))
                .isInstanceOf(IllegalArgumentException.class);
        var uneven = ColumnMessages.message("8867-4", "/min", new long[1], new double[1]).toBuilder()
                .addValues(2)
                .build();
        assertThatThrownBy(() -> ColumnMessages.columns(
                        SeriesColumns.newBuilder().setColumns(uneven).build()))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
