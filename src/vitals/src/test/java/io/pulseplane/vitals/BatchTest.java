package io.pulseplane.vitals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BatchTest {

    private static final Batch BATCH = batch("p", "8867-4", "/min", new long[] {1, 2}, 60, 61);

    @Test
    void digest_is_the_same_for_the_same_content_whatever_the_sequence() {
        var sameContent = new Batch(
                "d",
                "p",
                99,
                batch("p", "8867-4", "/min", new long[] {1, 2}, 60, 61).blocks());
        assertThat(sameContent.digest()).isEqualTo(BATCH.digest());
    }

    @Test
    void digest_changes_with_everything_else() {
        var otherBatches = Stream.of(
                batch("q", "8867-4", "/min", new long[] {1, 2}, 60, 61),
                batch("p", "8889-8", "/min", new long[] {1, 2}, 60, 61),
                batch("p", "8867-4", "Hz", new long[] {1, 2}, 60, 61),
                batch("p", "8867-4", "/min", new long[] {1, 3}, 60, 61),
                batch("p", "8867-4", "/min", new long[] {2, 1}, 60, 61),
                batch("p", "8867-4", "/min", new long[] {1, 2}, 61, 60),
                batch("p", "8867-4", "/min", new long[] {1, 2}, 60, 61.0000001),
                batch("p", "8867-4", "/min", new long[] {1}, 60),
                new Batch("d", "p", 1, List.of()));
        assertThat(otherBatches.map(Batch::digest).distinct()).hasSize(9).doesNotContain(BATCH.digest());
    }

    @Test
    void refuses_times_and_values_of_different_length() {
        assertThatThrownBy(() -> batch("p", "8867-4", "/min", new long[] {1}, 60, 61))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void size_is_the_number_of_readings() {
        assertThat(BATCH.size()).isEqualTo(2);
    }

    private static Batch batch(String patient, String code, String unit, long[] times, double... values) {
        return new Batch("d", patient, 1, List.of(new Batch.Block(code, unit, times, values)));
    }
}
