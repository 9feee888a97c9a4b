package io.pulseplane.store.postgres;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.columns;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.regularColumns;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.ReadingFixtures.times;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Rejection;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Promises of the PostgreSQL store beyond those of every store. */
class PostgresReadingsTest {

    private static final Series ADAS = series("ada", "monitor", HEART_RATE);

    private final PostgresServer postgres = PostgresServer.shared();
    private final String database = postgres.createDatabase();
    private final PlaneStores stores = new PlaneStores();
    private final Store store = stores.open(postgres.settings(database));

    @AfterEach
    void closeStores() {
        stores.close();
    }

    @Test
    void stores_ids_that_look_like_sql_unchanged() {
        var ids = List.of(
                "'; DROP TABLE patients; --", "$1", "\\", "{a,b}", "NULL", "\"x\"", "%s_%", "Zoë 💓", "a'||'b", "--");
        for (int i = 0; i < ids.size(); i++) {
            var series = new Series(ids.get(i), ids.get((i + 1) % ids.size()), "c'" + i, ids.get((i + 2) % ids.size()));
            var readings = columns(series, times(10, 20), i, -i);
            put(batch(1, readings));
            assertThat(read(series, TimeRange.ALL, Order.OLDEST_FIRST, 9)).isEqualTo(readings);
            assertThat(await(store.readings().latest(new Subject.OfPatient(series.patient()))))
                    .containsExactly(new Reading(series, 20, -i));
            assertThat(await(store.readings().latest(new Subject.OfDevice(series.device()))))
                    .containsExactly(new Reading(series, 20, -i));
            assertThat(await(store.registry().patient(series.patient()))).isPresent();
        }
        assertThat(await(store.size()).patients()).isEqualTo(ids.size());
    }

    @Test
    void pages_through_a_million_readings_either_way() {
        var million = regularColumns(1_000_000, 1_000_000, ADAS);
        for (int i = 0; i < 10; i++) {
            put(batch(i + 1, million.slice(i * 100_000, (i + 1) * 100_000)));
        }
        assertThat(read(ADAS, TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE))
                .isEqualTo(million);
        var page = read(ADAS, TimeRange.ALL, Order.NEWEST_FIRST, 2 * PostgresReadings.MAX_PAGE_READINGS + 1);
        assertThat(page.size()).isEqualTo(2 * PostgresReadings.MAX_PAGE_READINGS + 1);
        assertThat(page.firstTime()).isEqualTo(million.lastTime());
        assertThat(page.lastTime()).isEqualTo((1_000_000L - 2 * PostgresReadings.MAX_PAGE_READINGS) * 1_000_000);
        var range = new TimeRange(500_000_000_000L, 500_003_000_000L);
        assertThat(read(ADAS, range, Order.OLDEST_FIRST, 9).times())
                .containsExactly(500_000_000_000L, 500_001_000_000L, 500_002_000_000L);
    }

    @Test
    void decides_on_the_readings_of_a_group_in_its_order() {
        put(batch(1, columns(ADAS, times(10, 20), 60, 61)));
        var receipts = await(store.readings()
                .append(List.of(
                        batch(2, columns(ADAS, times(20, 30), 61, 62)),
                        batch(3, columns(ADAS, times(10, 30, 40), 99, 62, 63)),
                        batch(4, columns(ADAS, times(30, 40, 50), 98, 63, 64)))));
        assertThat(receipts)
                .extracting(receipt -> ((AppendResult.Stored) receipt).acknowledgement())
                .satisfiesExactly(
                        second -> {
                            assertThat(second.accepted()).isEqualTo(1);
                            assertThat(second.duplicates()).isEqualTo(1);
                        },
                        third -> {
                            assertThat(third.accepted()).isEqualTo(1);
                            assertThat(third.duplicates()).isEqualTo(1);
                            assertThat(third.rejections())
                                    .extracting(Rejection::size)
                                    .containsExactly(1);
                        },
                        fourth -> {
                            assertThat(fourth.accepted()).isEqualTo(1);
                            assertThat(fourth.duplicates()).isEqualTo(1);
                            assertThat(fourth.rejected()).isEqualTo(1);
                        });
        assertThat(read(ADAS, TimeRange.ALL, Order.OLDEST_FIRST, 9))
                .isEqualTo(columns(ADAS, times(10, 20, 30, 40, 50), 60, 61, 62, 63, 64));
    }

    @Test
    void respects_readings_that_were_inserted_by_sql() {
        put(batch(1, oneReading(ADAS, 10, 60)));
        // Later than the latest time of the device, so the plane has no reason to look it up.
        postgres.execute(database, """
                INSERT INTO measurements (measured_at, uploaded_at, value, series, patient, device, code, unit)
                SELECT measured_at + interval '10 microseconds', uploaded_at, 61, series, patient, device, code, unit
                FROM measurements""");
        var receipt = (AppendResult.Stored) put(batch(2, columns(ADAS, times(20, 30), 99, 62)));
        assertThat(receipt.acknowledgement().accepted()).isEqualTo(1);
        assertThat(receipt.acknowledgement().rejected()).isEqualTo(1);
        assertThat(read(ADAS, TimeRange.ALL, Order.OLDEST_FIRST, 9))
                .isEqualTo(columns(ADAS, times(10, 20, 30), 60, 61, 62));
    }

    @Test
    void stores_readings_of_a_patient_who_was_deleted_by_sql() {
        put(batch(1, oneReading(ADAS, 10, 60)));
        postgres.execute(database, "TRUNCATE assignments; DELETE FROM devices; DELETE FROM patients");
        put(batch(2, oneReading(ADAS, 20, 61)));
        assertThat(await(store.registry().patient("ada"))).isPresent();
        assertThat(read(ADAS, TimeRange.ALL, Order.OLDEST_FIRST, 9).size()).isEqualTo(2);
    }

    @Test
    void shows_sql_users_what_they_expect() {
        put(batch(7, oneReading(ADAS, 1_763_000_000_123_456L, 60.5)));
        assertThat(postgres.queryColumn(database, """
                SELECT concat_ws(' ', patient, device, code, value, unit, measured_at AT TIME ZONE 'UTC')
                FROM measurements"""))
                .containsExactly("ada monitor 8867-4 60.5 /min 2025-11-13 02:13:20.123456");
        assertThat(postgres.queryColumn(database, """
                SELECT concat_ws(' ', device_id, status, last_sequence, last_seen AT TIME ZONE 'UTC')
                FROM devices""")).containsExactly("monitor active 7 2025-11-13 02:13:20");
    }

    @Test
    void syncs_commits_even_if_the_default_of_the_database_is_asynchronous() {
        postgres.execute("postgres", "ALTER DATABASE " + database + " SET synchronous_commit = off");
        postgres.execute(database, """
                CREATE TABLE observed (setting text);
                CREATE FUNCTION observe() RETURNS trigger LANGUAGE plpgsql AS
                  'BEGIN INSERT INTO observed VALUES (current_setting(''synchronous_commit'')); RETURN NULL; END';
                CREATE TRIGGER observe AFTER INSERT ON batches EXECUTE FUNCTION observe()""");
        put(batch(1, oneReading(ADAS, 10, 60)));
        assertThat(postgres.queryColumn(database, "SELECT setting FROM observed"))
                .containsExactly("on");
    }

    @Test
    void cancels_the_statement_of_a_cancelled_query() throws SQLException {
        put(batch(1, oneReading(ADAS, 10, 60)));
        var waitingProcesses =
                "SELECT pid FROM pg_stat_activity WHERE datname = '" + database + "' AND wait_event_type = 'Lock'";
        try (var blocker = postgres.connect(database)) {
            blocker.setAutoCommit(false);
            blocker.createStatement().execute("LOCK TABLE measurements IN ACCESS EXCLUSIVE MODE");
            var queries = IntStream.range(0, 20)
                    .mapToObj(_ -> store.readings()
                            .read(ADAS, TimeRange.ALL, Order.OLDEST_FIRST, 9)
                            .subscribe()
                            .with(_ -> {}))
                    .toList();
            Awaitility.await()
                    .until(() ->
                            postgres.queryColumn("postgres", waitingProcesses).size() >= 5);
            queries.forEach(query -> query.cancel());
            Awaitility.await()
                    .until(() ->
                            postgres.queryColumn("postgres", waitingProcesses).isEmpty());
            blocker.rollback();
        }
        assertThat(read(ADAS, TimeRange.ALL, Order.OLDEST_FIRST, 9).size()).isEqualTo(1);
    }

    private AppendResult put(ScreenedBatch batch) {
        var receipt = await(store.readings().append(List.of(batch))).getFirst();
        assertThat(receipt).isInstanceOf(AppendResult.Stored.class);
        return receipt;
    }

    private Columns read(Series series, TimeRange range, Order order, int limit) {
        return await(store.readings().read(series, range, order, limit));
    }
}
