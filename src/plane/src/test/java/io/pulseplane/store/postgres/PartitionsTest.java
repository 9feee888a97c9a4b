package io.pulseplane.store.postgres;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.columns;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.ReadingFixtures.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Monthly partitions of the readings: creation and retirement. */
class PartitionsTest {

    private static final Series ADAS = series("ada", "monitor", HEART_RATE);
    private static final long NOVEMBER = Micros.startOf(LocalDate.of(2025, 11, 1));
    private static final long DECEMBER = Micros.startOf(LocalDate.of(2025, 12, 1));

    private final PostgresServer postgres = PostgresServer.shared();
    private final String database = postgres.createDatabase();
    private final PlaneStores stores = new PlaneStores();
    private final Store store = stores.open(postgres.settings(database));

    @AfterEach
    void closeStores() {
        stores.close();
    }

    @Test
    void are_created_ahead_of_the_clock() {
        put(1, oneReading(ADAS, stores.clock.get(), 60));
        assertThat(months()).containsExactly("measurements_2025_11", "measurements_2025_12", "measurements_2026_01");
        stores.clock.set(DECEMBER);
        put(2, oneReading(ADAS, DECEMBER, 60));
        assertThat(months()).endsWith("measurements_2026_02");
    }

    @Test
    void are_created_for_late_readings_back_to_the_epoch() {
        put(1, columns(ADAS, times(0, 1, Micros.startOf(LocalDate.of(1999, 12, 31)), NOVEMBER), 60, 61, 62, 63));
        assertThat(months()).startsWith("measurements_1970_01", "measurements_1999_12", "measurements_2025_11");
        assertThat(all())
                .isEqualTo(columns(
                        ADAS, times(0, 1, Micros.startOf(LocalDate.of(1999, 12, 31)), NOVEMBER), 60, 61, 62, 63));
    }

    @Test
    void begin_at_their_first_microsecond_in_utc() {
        put(1, columns(ADAS, times(DECEMBER - 1, DECEMBER, DECEMBER + 1), 60, 61, 62));
        assertThat(postgres.queryColumn(database, "SELECT count(*) FROM measurements_2025_11"))
                .containsExactly("1");
        assertThat(postgres.queryColumn(database, "SELECT count(*) FROM measurements_2025_12"))
                .containsExactly("2");
        assertThat(all().times()).containsExactly(DECEMBER - 1, DECEMBER, DECEMBER + 1);
        assertThat(await(store.readings().read(ADAS, new TimeRange(DECEMBER - 1, DECEMBER), Order.NEWEST_FIRST, 9))
                        .times())
                .containsExactly(DECEMBER - 1);
    }

    @Test
    void are_retired_after_their_end_and_the_others_stay_unchanged() {
        put(1, columns(ADAS, times(5, NOVEMBER, DECEMBER), 60, 61, 62));
        assertThat(retire("2025-12-01T00:00Z"))
                .containsExactly("retired_measurements_1970_01", "retired_measurements_2025_11");
        assertThat(all()).isEqualTo(oneReading(ADAS, DECEMBER, 62));
        assertThat(await(store.readings().latest(new Subject.OfPatient("ada")))).hasSize(1);
        assertThat(postgres.queryColumn(database, "SELECT value FROM retired_measurements_1970_01"))
                .containsExactly("60");
    }

    @Test
    void are_created_again_for_late_readings_after_retirement() {
        put(1, oneReading(ADAS, NOVEMBER, 60));
        retire("2025-12-01T00:00Z");
        put(2, oneReading(ADAS, NOVEMBER + 1, 61));
        assertThat(all()).isEqualTo(oneReading(ADAS, NOVEMBER + 1, 61));
        assertThat(retire("2025-12-01T00:00Z")).containsExactly("retired_measurements_2025_11_2");
    }

    @Test
    void leave_a_series_without_latest_reading_when_all_are_retired() {
        put(1, oneReading(ADAS, 5, 60));
        retire("2025-11-01T00:00Z");
        assertThat(await(store.readings().latest(new Subject.OfDevice("monitor"))))
                .isEmpty();
        assertThat(await(store.readings().series(new Subject.OfDevice("monitor"))))
                .containsExactly(ADAS);
    }

    @Test
    void refuse_times_that_would_not_be_stored_exactly() {
        assertThatThrownBy(() -> put(1, oneReading(ADAS, Micros.READING_TIME_LIMIT, 60)))
                .isInstanceOf(PlaneException.InvalidArgument.class);
        put(1, oneReading(ADAS, Micros.READING_TIME_LIMIT - 1, 60));
        assertThat(all().times()).containsExactly(Micros.READING_TIME_LIMIT - 1);
    }

    private void put(long sequence, Columns columns) {
        var receipts = await(store.readings().append(List.of(batch(sequence, columns))));
        assertThat(receipts).hasOnlyElementsOfType(AppendResult.Stored.class);
    }

    private Columns all() {
        return await(store.readings().read(ADAS, TimeRange.ALL, Order.OLDEST_FIRST, 100));
    }

    private List<String> retire(String endedBy) {
        return postgres.queryColumn(database, "SELECT measurements_retire('" + endedBy + "')");
    }

    private List<String> months() {
        return postgres.queryColumn(
                database,
                "SELECT inhrelid::regclass::text FROM pg_inherits"
                        + " WHERE inhparent = 'measurements'::regclass ORDER BY 1");
    }
}
