package io.pulseplane.store.postgres;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ConcurrentTasks;
import io.pulseplane.store.AppendResult;
import io.pulseplane.store.GuardEvents;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.net.ServerSocket;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the store does while PostgreSQL is unavailable or unresponsive, or has another schema. */
class OutageTest {

    private static final Series ADAS = series("ada", "monitor", HEART_RATE);

    private final PostgresServer postgres = PostgresServer.shared();
    private final PlaneStores stores = new PlaneStores();

    @AfterEach
    void closeStores() {
        stores.close();
    }

    @Test
    void a_store_opens_without_a_server_and_is_unavailable() throws Exception {
        int unusedPort;
        try (var socket = new ServerSocket(0)) {
            unusedPort = socket.getLocalPort();
        }
        var store = stores.open(settings(unusedPort, Duration.ofSeconds(5), "any"));
        assertThatThrownBy(() -> await(store.check())).isInstanceOf(PlaneException.Unavailable.class);
        assertThatThrownBy(() -> await(store.registry().patient("ada"))).isInstanceOf(PlaneException.Unavailable.class);
        assertThatThrownBy(() -> await(store.readings().append(List.of(batch(1, oneReading(ADAS, 1, 60))))))
                .isInstanceOf(PlaneException.Unavailable.class);
    }

    @Test
    void requests_to_an_unresponsive_server_end_with_the_time_limit() throws Exception {
        try (var silent = new ServerSocket(0)) {
            var store = stores.open(settings(silent.getLocalPort(), Duration.ofMillis(100), "any"));
            assertThatThrownBy(() -> await(store.check())).isInstanceOf(PlaneException.Unavailable.class);
            assertThatThrownBy(() -> await(store.readings().append(List.of(batch(1, oneReading(ADAS, 1, 60))))))
                    .isInstanceOf(PlaneException.Unavailable.class);
        }
    }

    @Test
    void unanswered_queries_open_the_circuit_breaker() throws Exception {
        try (var silent = new ServerSocket(0)) {
            var states = new CopyOnWriteArrayList<String>();
            var settings = settings(silent.getLocalPort(), Duration.ofMillis(100), "any");
            var store = stores.open(settings, new GuardEvents() {
                @Override
                public void intervened(Intervention how) {
                    states.add(how.name());
                }

                @Override
                public void circuitBreakerChanged(String state) {
                    states.add(state);
                }
            });
            ConcurrentTasks.runOnThreads(
                    settings.faults().breakerVolume(),
                    () -> assertThatThrownBy(() -> await(store.registry().patient("ada")))
                            .isInstanceOf(PlaneException.Unavailable.class));
            Awaitility.await().until(() -> states.contains("OPEN"));
            assertThatThrownBy(() -> await(store.registry().patient("ada")))
                    .isInstanceOf(PlaneException.Unavailable.class);
            assertThat(states).contains("PREVENTED");
        }
    }

    @Test
    void the_store_reconnects_after_all_connections_broke() {
        var database = postgres.createDatabase();
        var store = stores.open(postgres.settings(database));
        await(store.readings().append(List.of(batch(1, oneReading(ADAS, 1, 60)))));
        postgres.execute(
                "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + database + "'");
        // Requests fail until the store has noticed that the connections are gone.
        Awaitility.await()
                .ignoreExceptionsInstanceOf(PlaneException.Unavailable.class)
                .until(() -> await(store.readings().append(List.of(batch(2, oneReading(ADAS, 2, 61)))))
                                        .getFirst()
                                instanceof AppendResult.Stored
                        || await(store.readings().append(List.of(batch(2, oneReading(ADAS, 2, 61)))))
                                        .getFirst()
                                instanceof AppendResult.Repeated);
        assertThat(await(store.readings().read(ADAS, TimeRange.ALL, Order.OLDEST_FIRST, 9))
                        .times())
                .containsExactly(1, 2);
    }

    @Test
    void the_store_recovers_by_itself_after_a_restart_of_the_server_and_loses_nothing() throws Exception {
        try (var server = new RestartablePostgres()) {
            var store = stores.open(server.settings());
            await(store.readings().append(List.of(batch(1, oneReading(ADAS, 1, 60)))));
            server.stop();
            assertThatThrownBy(() -> await(store.readings().latest(new Subject.OfPatient("ada"))))
                    .isInstanceOf(PlaneException.Unavailable.class);
            server.start();
            Awaitility.await()
                    .ignoreExceptionsInstanceOf(PlaneException.Unavailable.class)
                    .untilAsserted(() -> assertThat(await(store.readings().latest(new Subject.OfPatient("ada"))))
                            .hasSize(1));
            assertThat(await(store.readings().append(List.of(batch(1, oneReading(ADAS, 1, 60)))))
                            .getFirst())
                    .isInstanceOf(AppendResult.Repeated.class);
        }
    }

    @Test
    void a_group_whose_connection_broke_leaves_nothing() throws SQLException {
        var database = postgres.createDatabase();
        var store = stores.open(postgres.settings(database));
        await(store.readings().append(List.of(batch(1, oneReading(ADAS, 1, 60)))));
        try (var blocker = postgres.connect(database)) {
            blocker.setAutoCommit(false);
            // The group waits here after it has written its readings and before it commits.
            blocker.createStatement().execute("LOCK TABLE batches IN EXCLUSIVE MODE");
            var append = store.readings()
                    .append(List.of(batch(2, oneReading(ADAS, 2, 61))))
                    .subscribeAsCompletionStage();
            var waitingProcesses =
                    "SELECT pid FROM pg_stat_activity WHERE datname = '" + database + "' AND wait_event_type = 'Lock'";
            Awaitility.await()
                    .until(() ->
                            !postgres.queryColumn("postgres", waitingProcesses).isEmpty());
            postgres.execute("postgres", "SELECT pg_terminate_backend(pid) FROM (" + waitingProcesses + ")");
            assertThatThrownBy(append::join).hasCauseInstanceOf(PlaneException.Unavailable.class);
            blocker.rollback();
        }
        assertThat(postgres.queryColumn(database, "SELECT value FROM measurements"))
                .containsExactly("60");
        assertThat(await(store.readings().append(List.of(batch(2, oneReading(ADAS, 2, 61)))))
                        .getFirst())
                .isInstanceOf(AppendResult.Stored.class);
    }

    @Test
    void missing_older_or_newer_tables_are_reported_in_one_line() {
        var withoutTables = stores.open(postgres.settings(postgres.createEmptyDatabase()));
        assertThatThrownBy(() -> await(withoutTables.check()))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessage("the database has no tables of Pulseplane; 'pulseplane migrate' makes them");

        var newer = postgres.createDatabase();
        postgres.execute(
                newer,
                "UPDATE flyway_schema_history SET version = '9' WHERE version = '" + SchemaCheck.SCHEMA_VERSION + "'");
        assertThatThrownBy(() ->
                        await(stores.open(postgres.settings(newer)).registry().patient("ada")))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessage("the database was migrated by a newer Pulseplane (schema 9, this one knows "
                        + SchemaCheck.SCHEMA_VERSION + ")");

        var older = postgres.createDatabase();
        postgres.execute(older, "DELETE FROM flyway_schema_history WHERE version <> '1'");
        assertThatThrownBy(() -> await(stores.open(postgres.settings(older)).check()))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("the database has schema 1, this Pulseplane needs " + SchemaCheck.SCHEMA_VERSION);
    }

    @Test
    void a_read_only_server_is_unavailable_for_writes_and_serves_queries() {
        var database = postgres.createDatabase();
        postgres.execute("postgres", "ALTER DATABASE " + database + " SET default_transaction_read_only = on");
        var store = stores.open(postgres.settings(database));
        assertThatThrownBy(() -> await(store.check())).isInstanceOf(PlaneException.Unavailable.class);
        assertThatThrownBy(() -> await(store.readings().append(List.of(batch(1, oneReading(ADAS, 1, 60))))))
                .isInstanceOf(PlaneException.Unavailable.class);
        assertThat(await(store.registry().patient("ada"))).isEmpty();
    }

    private PostgresSettings settings(int port, Duration statementTimeout, String database) {
        return new PostgresSettings(
                List.of(new PostgresSettings.Host("localhost", port)),
                database,
                PostgresServer.USER,
                PostgresServer.PASSWORD,
                3,
                8,
                statementTimeout,
                Duration.ofMillis(500),
                PostgresSettings.Tls.DISABLE,
                Optional.empty());
    }
}
