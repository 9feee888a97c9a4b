package io.pulseplane.store.edge.maintenance;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.OXYGEN_SATURATION;
import static io.pulseplane.ReadingFixtures.RESPIRATORY_RATE;
import static io.pulseplane.ReadingFixtures.appendAll;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.RawDatabase;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.TimeRange;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that a chunk is deleted when the last of its readings is older than its retention period. */
class RetentionTest {

    private static final long DAY = TimeUnit.DAYS.toMicros(1);
    private static final long T0 = 1_000 * DAY;

    @TempDir
    Path directory;

    private final AtomicLong clock = new AtomicLong(T0);

    private EdgeStore open(Retention retention) {
        return EdgeStore.open(directory, EdgeSettings.of(1).withRetention(retention), clock::get);
    }

    private static long[] times(EdgeStore store, String code) {
        return await(store.readings()
                        .read(series("ada", "d1", code), TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE))
                .times();
    }

    /** Appends a reading of each code at T0, and one 40 days later, in chunks of their own. */
    private void appendTwoOfEachCode(EdgeStore store) {
        for (var code : new String[] {HEART_RATE, RESPIRATORY_RATE, OXYGEN_SATURATION}) {
            appendAll(
                    store,
                    oneReading(series("ada", "d1", code), T0, 50),
                    oneReading(series("ada", "d1", code), T0 + 40 * DAY, 51));
        }
        await(store.compact());
    }

    @Test
    void without_a_rule_readings_are_kept_without_limit() {
        var store = open(Retention.UNLIMITED);
        appendTwoOfEachCode(store);
        clock.set(T0 + 10_000 * DAY);
        await(store.compact());
        assertThat(times(store, HEART_RATE)).hasSize(2);
        store.close();
    }

    @Test
    void a_code_can_have_a_period_of_its_own() {
        var store = open(new Retention(
                Map.of(HEART_RATE, Duration.ofDays(30), RESPIRATORY_RATE, Duration.ofDays(90)),
                Optional.of(Duration.ofDays(60))));
        appendTwoOfEachCode(store);
        clock.set(T0 + 30 * DAY);
        await(store.compact());
        assertThat(times(store, HEART_RATE)).hasSize(2);
        clock.set(T0 + 31 * DAY);
        await(store.compact());
        assertThat(times(store, HEART_RATE)).containsExactly(T0 + 40 * DAY);
        assertThat(times(store, RESPIRATORY_RATE)).hasSize(2);
        assertThat(times(store, OXYGEN_SATURATION)).hasSize(2);
        clock.set(T0 + 61 * DAY);
        await(store.compact());
        assertThat(times(store, RESPIRATORY_RATE)).hasSize(2);
        assertThat(times(store, OXYGEN_SATURATION)).containsExactly(T0 + 40 * DAY);
        clock.set(T0 + 91 * DAY);
        await(store.compact());
        assertThat(times(store, HEART_RATE)).isEmpty();
        assertThat(times(store, RESPIRATORY_RATE)).containsExactly(T0 + 40 * DAY);
        store.close();
    }

    @Test
    void nothing_is_deleted_while_the_clock_is_in_doubt() {
        var isClockInDoubt = new AtomicBoolean(true);
        var settings = EdgeSettings.of(1).withRetention(new Retention(Map.of(), Optional.of(Duration.ofDays(30))));
        var store = EdgeStore.open(
                directory,
                settings,
                clock::get,
                () -> isClockInDoubt.get() ? OptionalLong.empty() : OptionalLong.of(clock.get()));
        appendTwoOfEachCode(store);
        clock.set(T0 + 3_650 * DAY);
        await(store.compact());
        assertThat(times(store, HEART_RATE)).hasSize(2);
        isClockInDoubt.set(false);
        clock.set(T0 + 40 * DAY);
        await(store.compact());
        assertThat(times(store, HEART_RATE)).containsExactly(T0 + 40 * DAY);
        store.close();
    }

    @Test
    void a_chunk_is_deleted_as_a_whole_and_only_when_all_its_readings_are_old() throws Exception {
        var store = open(new Retention(Map.of(), Optional.of(Duration.ofDays(30))));
        appendAll(store, new Columns(series("ada", "d1", HEART_RATE), new long[] {T0, T0 + 5 * DAY}, new double[] {
            50, 51
        }));
        await(store.compact());
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM chunk"))
                .isEqualTo(1);
        clock.set(T0 + 33 * DAY);
        await(store.compact());
        assertThat(times(store, HEART_RATE)).hasSize(2);
        clock.set(T0 + 36 * DAY);
        await(store.compact());
        assertThat(times(store, HEART_RATE)).isEmpty();
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM chunk"))
                .isZero();
        store.close();
    }
}
