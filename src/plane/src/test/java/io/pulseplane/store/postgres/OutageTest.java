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

/** PostgreSQL away, hanging, back again, or not what it should be. */
class OutageTest {

    private static final Series ADAS = series("ada", "monitor", HEART_RATE);

    private final PostgresServer postgres = PostgresServer.shared();
    private final PlaneStores planes = new PlaneStores();

    @AfterEach
    void closeThem() {
        planes.close();
    }

    @Test
    void that_is_there_from_the_start_is_unavailable_and_no_reason_not_to_open() throws Exception {
        int nobody;
        try (var socket = new ServerSocket(0)) {
            nobody = socket.getLocalPort();
        }
        var store = planes.open(settings(nobody, Duration.ofSeconds(5), "any"));
        assertThatThrownBy(() -> await(store.check())).isInstanceOf(PlaneException.Unavailable.class);
        assertThatThrownBy(() -> await(store.registry().patient("ada"))).isInstanceOf(PlaneException.Unavailable.class);
        assertThatThrownBy(() -> await(store.readings().append(List.of(batch(1, oneReading(ADAS, 1, 60))))))
                .isInstanceOf(PlaneException.Unavailable.class);
    }

    @Test
    void where_a_server_takes_connections_and_says_nothing_ends_with_patience() throws Exception {
        try (var silent = new ServerSocket(0)) {
            var store = planes.open(settings(silent.getLocalPort(), Duration.ofMillis(100), "any"));
            assertThatThrownBy(() -> await(store.check())).isInstanceOf(PlaneException.Unavailable.class);
            assertThatThrownBy(() -> await(store.readings().append(List.of(batch(1, oneReading(ADAS, 1, 60))))))
                    .isInstanceOf(PlaneException.Unavailable.class);
        }
    }

    @Test
    void that_nobody_gets_an_answer_in_makes_the_next_fail_at_once_until_it_is_over() throws Exception {
        try (var silent = new ServerSocket(0)) {
            var states = new CopyOnWriteArrayList<String>();
            var settings = settings(silent.getLocalPort(), Duration.ofMillis(100), "any");
            var store = planes.open(settings, new GuardEvents() {
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
    void of_every_connection_is_over_with_the_next_one() {
        var database = postgres.createDatabase();
        var store = planes.open(postgres.settings(database));
        await(store.readings().append(List.of(batch(1, oneReading(ADAS, 1, 60)))));
        postgres.execute(
                "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + database + "'");
        // Whoever comes before the news of it fails, and is told to come again.
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
    void of_a_server_that_is_started_again_loses_nothing_and_ends_by_itself() throws Exception {
        try (var server = new RestartablePostgres()) {
            var store = planes.open(server.settings());
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
    void leaves_nothing_of_a_group_that_was_cut_off() throws SQLException {
        var database = postgres.createDatabase();
        var store = planes.open(postgres.settings(database));
        await(store.readings().append(List.of(batch(1, oneReading(ADAS, 1, 60)))));
        try (var blocker = postgres.connect(database)) {
            blocker.setAutoCommit(false);
            // The group gets past its readings and waits here, with all of them written and none of them committed.
            blocker.createStatement().execute("LOCK TABLE batches IN EXCLUSIVE MODE");
            var waiting = store.readings()
                    .append(List.of(batch(2, oneReading(ADAS, 2, 61))))
                    .subscribeAsCompletionStage();
            var waits =
                    "SELECT pid FROM pg_stat_activity WHERE datname = '" + database + "' AND wait_event_type = 'Lock'";
            Awaitility.await()
                    .until(() -> !postgres.queryColumn("postgres", waits).isEmpty());
            postgres.execute("postgres", "SELECT pg_terminate_backend(pid) FROM (" + waits + ")");
            assertThatThrownBy(waiting::join).hasCauseInstanceOf(PlaneException.Unavailable.class);
            blocker.rollback();
        }
        assertThat(postgres.queryColumn(database, "SELECT value FROM measurements"))
                .containsExactly("60");
        assertThat(await(store.readings().append(List.of(batch(2, oneReading(ADAS, 2, 61)))))
                        .getFirst())
                .isInstanceOf(AppendResult.Stored.class);
    }

    @Test
    void by_tables_that_are_not_there_or_older_or_newer_is_said_in_one_line() {
        var bare = planes.open(postgres.settings(postgres.createEmptyDatabase()));
        assertThatThrownBy(() -> await(bare.check()))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessage("the database has no tables of Pulseplane; 'pulseplane migrate' makes them");

        var newer = postgres.createDatabase();
        postgres.execute(
                newer,
                "UPDATE flyway_schema_history SET version = '9' WHERE version = '" + SchemaCheck.SCHEMA_VERSION + "'");
        assertThatThrownBy(() ->
                        await(planes.open(postgres.settings(newer)).registry().patient("ada")))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessage("the database was migrated by a newer Pulseplane (schema 9, this one knows "
                        + SchemaCheck.SCHEMA_VERSION + ")");

        var older = postgres.createDatabase();
        postgres.execute(older, "DELETE FROM flyway_schema_history WHERE version <> '1'");
        assertThatThrownBy(() -> await(planes.open(postgres.settings(older)).check()))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("the database has schema 1, this Pulseplane needs " + SchemaCheck.SCHEMA_VERSION);
    }

    @Test
    void of_writing_alone_is_no_store() {
        var database = postgres.createDatabase();
        postgres.execute("postgres", "ALTER DATABASE " + database + " SET default_transaction_read_only = on");
        var store = planes.open(postgres.settings(database));
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
