package io.pulseplane.vitals;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.vitals.Rejection.Reason;
import io.pulseplane.vitals.ScreenedBatch.Block;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScreenedBatchTest {

    private static final Series HEART_RATE = new Series("ada", "monitor", "8867-4", "/min");
    private static final Series PULSE = new Series("ada", "monitor", "8889-8", "/min");

    private static Block block(Series series, int[] originalIndexes, long... times) {
        return new Block(new Columns(series, times, new double[times.length]), originalIndexes);
    }

    private static ScreenedBatch batch(List<Rejection> rejections, Block... blocks) {
        return new ScreenedBatch("monitor", "ada", 1, 2, List.of(blocks), 3, rejections);
    }

    private static List<TimeRange> ranges(long... bounds) {
        var ranges = new ArrayList<TimeRange>();
        for (int i = 0; i < bounds.length; i += 2) {
            ranges.add(new TimeRange(bounds[i], bounds[i + 1]));
        }
        return ranges;
    }

    @Test
    void keeps_a_batch_within_the_ranges_as_it_is() {
        var batch = batch(List.of(), block(HEART_RATE, null, 5, 9), block(PULSE, null, 20));
        assertThat(batch.rejectUnlessWithin(ranges(5, 10, 20, 21), Reason.NOT_ASSIGNED))
                .isSameAs(batch);
    }

    @Test
    void rejects_readings_before_between_and_after_the_ranges() {
        var batch = batch(List.of(), block(HEART_RATE, null, 4, 5, 9, 10, 15, 20));
        var rest = batch.rejectUnlessWithin(ranges(5, 10, 15, 16), Reason.NOT_ASSIGNED);
        assertThat(rest.rejections())
                .containsExactly(new Rejection("8867-4", Reason.NOT_ASSIGNED, new int[] {0, 3, 5}));
        var kept = rest.blocks().getFirst();
        assertThat(kept.columns().times()).containsExactly(5, 9, 15);
        assertThat(kept.originalIndexes()).containsExactly(1, 2, 4);
        assertThat(rest)
                .extracting(ScreenedBatch::digest, ScreenedBatch::duplicates)
                .containsExactly(2L, 3);
    }

    @Test
    void rejects_a_gap_between_two_readings_that_are_in_different_ranges() {
        var batch = batch(List.of(), block(HEART_RATE, null, 5, 12, 15));
        var rest = batch.rejectUnlessWithin(ranges(5, 10, 15, 16), Reason.NOT_ASSIGNED);
        assertThat(rest.rejections())
                .singleElement()
                .satisfies(rejection -> assertThat(rejection.indexes()).containsExactly(1));
    }

    @Test
    void names_the_indexes_that_the_device_sent_and_sorts_rejections_by_code_and_reason() {
        var earlier = new Rejection("8867-4", Reason.IMPLAUSIBLE, new int[] {1});
        var later = new Rejection("8889-8", Reason.IMPLAUSIBLE, new int[] {0});
        var batch = batch(List.of(later, earlier), block(HEART_RATE, new int[] {2, 0}, 5, 6));
        var rest = batch.rejectUnlessWithin(List.of(), Reason.NOT_ASSIGNED);
        assertThat(rest.blocks()).isEmpty();
        assertThat(rest.rejections())
                .containsExactly(earlier, new Rejection("8867-4", Reason.NOT_ASSIGNED, new int[] {0, 2}), later);
    }
}
