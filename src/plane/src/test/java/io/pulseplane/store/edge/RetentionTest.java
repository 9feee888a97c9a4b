package io.pulseplane.store.edge;

import static io.pulseplane.Readings.BREATH;
import static io.pulseplane.Readings.OXYGEN;
import static io.pulseplane.Readings.PULSE;
import static io.pulseplane.Readings.await;
import static io.pulseplane.Readings.keep;
import static io.pulseplane.Readings.one;
import static io.pulseplane.Readings.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.TimeRange;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Chunks go when the last of their readings is older than it is kept. */
class RetentionTest {

    private static final long DAY = TimeUnit.DAYS.toMicros(1);
    private static final long T0 = 1_000 * DAY;

    @TempDir
    Path directory;

    private final AtomicLong clock = new AtomicLong(T0);

    private EdgeStore open(Retention retention) {
        return EdgeStore.open(directory, EdgeSettings.of(1).keeping(retention), clock::get);
    }

    private static long[] times(EdgeStore store, String code) {
        return await(store.readings()
                        .read(series("ada", "d1", code), TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE))
                .times();
    }

    /** A reading of each code at T0 and 40 days after it, in chunks of their own. */
    private void keepTwoOfEach(EdgeStore store) {
        for (var code : new String[] {PULSE, BREATH, OXYGEN}) {
            keep(store, one(series("ada", "d1", code), T0, 50), one(series("ada", "d1", code), T0 + 40 * DAY, 51));
        }
        await(store.compact());
    }

    @Test
    void is_for_good_unless_somebody_says_otherwise() {
        var store = open(Retention.FOR_GOOD);
        keepTwoOfEach(store);
        clock.set(T0 + 10_000 * DAY);
        await(store.compact());
        assertThat(times(store, PULSE)).hasSize(2);
        store.close();
    }

    @Test
    void is_one_thing_for_a_code_and_another_for_the_others() {
        var store = open(new Retention(
                Map.of(PULSE, Duration.ofDays(30), BREATH, Duration.ofDays(90)), Optional.of(Duration.ofDays(60))));
        keepTwoOfEach(store);
        clock.set(T0 + 30 * DAY);
        await(store.compact());
        assertThat(times(store, PULSE)).hasSize(2);
        clock.set(T0 + 31 * DAY);
        await(store.compact());
        assertThat(times(store, PULSE)).containsExactly(T0 + 40 * DAY);
        assertThat(times(store, BREATH)).hasSize(2);
        assertThat(times(store, OXYGEN)).hasSize(2);
        clock.set(T0 + 61 * DAY);
        await(store.compact());
        assertThat(times(store, BREATH)).hasSize(2);
        assertThat(times(store, OXYGEN)).containsExactly(T0 + 40 * DAY);
        clock.set(T0 + 91 * DAY);
        await(store.compact());
        assertThat(times(store, PULSE)).isEmpty();
        assertThat(times(store, BREATH)).containsExactly(T0 + 40 * DAY);
        store.close();
    }

    @Test
    void drops_a_chunk_whole_and_only_when_all_of_it_is_old() throws Exception {
        var store = open(new Retention(Map.of(), Optional.of(Duration.ofDays(30))));
        keep(store, new Columns(series("ada", "d1", PULSE), new long[] {T0, T0 + 5 * DAY}, new double[] {50, 51}));
        await(store.compact());
        assertThat(OnDisk.number(directory, "SELECT count(*) FROM chunk")).isEqualTo(1);
        clock.set(T0 + 33 * DAY);
        await(store.compact());
        assertThat(times(store, PULSE)).hasSize(2);
        clock.set(T0 + 36 * DAY);
        await(store.compact());
        assertThat(times(store, PULSE)).isEmpty();
        assertThat(OnDisk.number(directory, "SELECT count(*) FROM chunk")).isZero();
        store.close();
    }
}
