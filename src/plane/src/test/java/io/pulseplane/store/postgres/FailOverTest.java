package io.pulseplane.store.postgres;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.pulseplane.store.AppendResult;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A primary and a standby that follows it by streaming replication and takes its place. */
class FailOverTest {

    private static final Series ADAS = series("ada", "monitor", HEART_RATE);

    private final PlaneStores stores = new PlaneStores();
    private RestartablePostgres primary;
    private RestartablePostgres standby;

    @BeforeEach
    void start() throws IOException, InterruptedException {
        primary = new RestartablePostgres();
        standby = primary.withStandby();
    }

    @AfterEach
    void stop() throws IOException {
        stores.close();
        primary.close();
        standby.close();
    }

    /** The standby comes first, so the store must look for the primary. */
    private PostgresStore open() {
        return stores.open(new PostgresSettings(
                List.of(
                        new PostgresSettings.Host("localhost", standby.port()),
                        new PostgresSettings.Host("localhost", primary.port())),
                "postgres",
                PostgresServer.USER,
                PostgresServer.PASSWORD,
                4,
                8,
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                PostgresSettings.Tls.DISABLE,
                Optional.empty()));
    }

    private static String queryValue(RestartablePostgres server, String sql) throws SQLException {
        try (var connection = server.connect();
                var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    private static AppendResult put(PostgresStore store, long sequence) {
        return await(store.readings().append(List.of(batch(sequence, oneReading(ADAS, sequence, 60)))))
                .getFirst();
    }

    private static long[] times(PostgresStore store) {
        return await(store.readings().read(ADAS, TimeRange.ALL, Order.OLDEST_FIRST, 100))
                .times();
    }

    @Test
    void an_open_store_finds_the_new_primary() throws Exception {
        var store = open();
        assertThat(put(store, 1)).isInstanceOf(AppendResult.Stored.class);
        assertThat(queryValue(standby, "SELECT pg_is_in_recovery()")).isEqualTo("t");
        Awaitility.await()
                .atMost(TIMEOUT)
                .until(() ->
                        queryValue(standby, "SELECT count(*) FROM measurements").equals("1"));

        primary.stop();
        queryValue(standby, "SELECT pg_promote()");

        Awaitility.await()
                .atMost(TIMEOUT)
                .ignoreExceptionsInstanceOf(PlaneException.Unavailable.class)
                .until(() -> put(store, 2) != null);
        assertThat(times(store)).containsExactly(1, 2);
        assertThat(put(store, 1)).as("the batch was replicated").isInstanceOf(AppendResult.Repeated.class);
        assertThat(queryValue(standby, "SELECT count(*) FROM measurements")).isEqualTo("2");
    }

    @Test
    void a_standby_alone_is_not_used() throws Exception {
        var store = open();
        put(store, 1);
        primary.stop();
        Awaitility.await()
                .atMost(TIMEOUT)
                .untilAsserted(() ->
                        assertThat(catchThrowable(() -> times(store))).isInstanceOf(PlaneException.Unavailable.class));
        assertThat(catchThrowable(() -> put(store, 2))).isInstanceOf(PlaneException.Unavailable.class);
    }
}
