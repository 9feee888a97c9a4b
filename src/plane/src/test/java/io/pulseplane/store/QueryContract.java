package io.pulseplane.store;

import static io.pulseplane.store.StoreContract.HEART_RATE;
import static io.pulseplane.store.StoreContract.HEART_RATE_OF_D2;
import static io.pulseplane.store.StoreContract.RESPIRATORY_RATE;
import static io.pulseplane.store.StoreContract.await;
import static io.pulseplane.store.StoreContract.batch;
import static io.pulseplane.store.StoreContract.block;
import static io.pulseplane.store.StoreContract.columns;
import static io.pulseplane.store.StoreContract.times;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.ValueRange;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The contract of ranges, series, latest readings and aggregates. */
abstract class QueryContract extends StoreContractPart {

    private static final WindowGrid TENS = FixedWindows.startingAtEpoch(10);

    QueryContract(StoreContract contract) {
        super(contract);
    }

    @Test
    void ranges_are_half_open() {
        append(batch(1, block(HEART_RATE, times(10, 20, 30), 60, 61, 62)));
        assertThat(read(HEART_RATE, new TimeRange(10, 30), Order.OLDEST_FIRST, 9)
                        .times())
                .containsExactly(10, 20);
        assertThat(read(HEART_RATE, new TimeRange(11, 31), Order.OLDEST_FIRST, 9)
                        .times())
                .containsExactly(20, 30);
        assertThat(read(HEART_RATE, new TimeRange(10, 10), Order.OLDEST_FIRST, 9)
                        .isEmpty())
                .isTrue();
    }

    @Test
    void reads_in_either_order_and_up_to_the_limit() {
        append(batch(1, block(HEART_RATE, times(10, 20, 30), 60, 61, 62)));
        assertThat(read(HEART_RATE, TimeRange.ALL, Order.OLDEST_FIRST, 2))
                .isEqualTo(columns(HEART_RATE, times(10, 20), 60, 61));
        assertThat(read(HEART_RATE, TimeRange.ALL, Order.NEWEST_FIRST, 2))
                .isEqualTo(columns(HEART_RATE, times(30, 20), 62, 61));
    }

    @Test
    void reads_more_readings_than_one_chunk() {
        int size = 10_000;
        var times = IntStream.range(0, size).mapToLong(i -> i * 1_000_000L).toArray();
        var values = IntStream.range(0, size).mapToDouble(i -> 60 + i % 7).toArray();
        append(batch(1, block(HEART_RATE, times, values)));
        assertThat(all(HEART_RATE)).isEqualTo(columns(HEART_RATE, times, values));
        assertThat(read(HEART_RATE, TimeRange.ALL, Order.NEWEST_FIRST, size - 1).lastTime())
                .isEqualTo(1_000_000L);
    }

    @Test
    void returns_no_readings_of_an_unknown_series() {
        assertThat(all(HEART_RATE).isEmpty()).isTrue();
        assertThat(await(store().readings().series(new Subject.OfPatient("p1"))))
                .isEmpty();
        assertThat(await(store().readings().latest(new Subject.OfPatient("p1"))))
                .isEmpty();
    }

    @Test
    void lists_series_by_patient_and_by_device_in_order() {
        append(batch(1, block(RESPIRATORY_RATE, times(1), 12), block(HEART_RATE, times(1), 60)));
        append(batch(1, block(HEART_RATE_OF_D2, times(1), 61)));
        assertThat(await(store().readings().series(new Subject.OfPatient("p1"))))
                .containsExactly(HEART_RATE, HEART_RATE_OF_D2, RESPIRATORY_RATE);
        assertThat(await(store().readings().series(new Subject.OfDevice("d2")))).containsExactly(HEART_RATE_OF_D2);
        assertThat(await(store().readings().series(new Subject.OfPatient("d1"))))
                .isEmpty();
    }

    @Test
    void keeps_units_of_one_code_apart() {
        var other = new Series("p1", "d1", "8867-4", "Hz");
        append(batch(1, block(HEART_RATE, times(1), 60)));
        append(batch(2, block(other, times(1), 1)));
        assertThat(all(HEART_RATE).values()).containsExactly(60);
        assertThat(all(other).values()).containsExactly(1);
    }

    @Test
    void returns_the_latest_by_time_of_every_series() {
        append(batch(1, block(HEART_RATE, times(10, 30), 60, 63), block(RESPIRATORY_RATE, times(20), 12)));
        append(batch(2, block(HEART_RATE, times(20), 62)));
        assertThat(await(store().readings().latest(new Subject.OfPatient("p1"))))
                .containsExactly(new Reading(HEART_RATE, 30, 63), new Reading(RESPIRATORY_RATE, 20, 12));
        assertThat(await(store().readings().latest(new Subject.OfDevice("d1")))).hasSize(2);
    }

    @Test
    void aggregates_readings_by_window() {
        append(batch(1, block(HEART_RATE, times(5, 10, 14, 30, 31), 60, 62, 61, 70, 71)));
        append(batch(2, block(HEART_RATE, times(12, 55), 59, 80)));
        var windows = await(store().readings().aggregate(HEART_RATE, new TimeRange(6, 55), ValueRange.ALL, TENS, 10));
        assertThat(windows.windowIndexes()).containsExactly(1, 3);
        assertThat(windows.counts()).containsExactly(3, 2);
        assertThat(windows.sums()).containsExactly(182, 141);
        assertThat(windows.means()[1]).isEqualTo(70.5);
        assertThat(windows.sumsOfSquaredDeviations()[1]).isEqualTo(0.5);
        assertThat(windows.mins()).containsExactly(59, 70);
        assertThat(windows.maxs()).containsExactly(62, 71);
        assertThat(windows.firstTimes()).containsExactly(10, 30);
        assertThat(windows.firstValues()).containsExactly(62, 70);
        assertThat(windows.lastTimes()).containsExactly(14, 31);
        assertThat(windows.lastValues()).containsExactly(61, 71);
    }

    @Test
    void aggregates_up_to_the_limit_of_windows() {
        append(batch(1, block(HEART_RATE, times(5, 15, 25, 35), 1, 2, 3, 4)));
        assertThat(await(store().readings().aggregate(HEART_RATE, TimeRange.ALL, ValueRange.ALL, TENS, 2))
                        .sums())
                .containsExactly(1, 2);
        assertThat(await(store().readings()
                                .aggregate(HEART_RATE, TimeRange.ALL, ValueRange.ALL, FixedWindows.ALL_TIME, 2))
                        .sums())
                .containsExactly(10);
        assertThat(await(store().readings().aggregate(RESPIRATORY_RATE, TimeRange.ALL, ValueRange.ALL, TENS, 2))
                        .size())
                .isZero();
    }

    @Test
    void leaves_readings_out_of_aggregates_whose_values_do_not_count() {
        append(batch(1, block(HEART_RATE, times(5, 10, 11, 12, 13, 30, 31), 60, 0, 62, 400, 64, 0, 400)));
        append(batch(2, block(HEART_RATE, times(14, 55), 20, 300)));
        var windows = await(store().readings().aggregate(HEART_RATE, TimeRange.ALL, new ValueRange(20, 300), TENS, 10));
        assertThat(windows.windowIndexes()).containsExactly(0, 1, 5);
        assertThat(windows.counts()).containsExactly(1, 3, 1);
        assertThat(windows.sums()).containsExactly(60, 146, 300);
        assertThat(windows.mins()).containsExactly(60, 20, 300);
        assertThat(windows.maxs()).containsExactly(60, 64, 300);
        assertThat(windows.firstTimes()).containsExactly(5, 11, 55);
        assertThat(windows.firstValues()).containsExactly(60, 62, 300);
        assertThat(windows.lastTimes()).containsExactly(5, 14, 55);
        assertThat(windows.lastValues()).containsExactly(60, 20, 300);
        assertThat(await(store().readings().aggregate(HEART_RATE, TimeRange.ALL, new ValueRange(70, 80), TENS, 10))
                        .size())
                .isZero();
        assertThat(await(store().readings().aggregate(HEART_RATE, TimeRange.ALL, new ValueRange(20, 300), TENS, 2))
                        .windowIndexes())
                .containsExactly(0, 1);
    }

    @Test
    void finds_the_readings_that_count_behind_many_that_do_not() {
        int size = 40_000;
        var times = IntStream.range(0, size).mapToLong(i -> i).toArray();
        var values =
                IntStream.range(0, size).mapToDouble(i -> i < size - 1 ? 0 : 60).toArray();
        append(batch(1, block(HEART_RATE, times, values)));
        var windows = await(store().readings().aggregate(HEART_RATE, TimeRange.ALL, new ValueRange(20, 300), TENS, 1));
        assertThat(windows.windowIndexes()).containsExactly((size - 1) / 10);
        assertThat(windows.counts()).containsExactly(1);
    }
}
