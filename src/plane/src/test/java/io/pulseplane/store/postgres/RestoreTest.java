package io.pulseplane.store.postgres;

import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.store.postgres.RestoreDetector.Finding.NOTHING_LOST;
import static io.pulseplane.store.postgres.RestoreDetector.Finding.SERVER_STARTED;
import static io.pulseplane.store.postgres.RestoreDetector.Finding.WENT_BACK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.Erasure;
import io.pulseplane.store.Patient;
import io.pulseplane.store.postgres.RestoreDetector.Finding;
import io.pulseplane.vitals.EpochMicros;
import io.pulseplane.vitals.PlaneException;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Puts the database back to an earlier state under a running plane. */
class RestoreTest {

    private static RestartablePostgres postgres;
    private static Vertx vertx;

    @TempDir
    Path backup;

    private PostgresStore store;

    @BeforeAll
    static void start() throws IOException {
        postgres = new RestartablePostgres();
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void stop() throws IOException {
        vertx.close();
        postgres.close();
    }

    @BeforeEach
    void open() {
        store = PostgresStore.open(vertx, postgres.settings(), EpochMicros::now);
    }

    @AfterEach
    void close() {
        store.close();
    }

    /** The plane's connections are of the server before, so the first attempts fail. */
    private Finding check(RestoreDetector detector) {
        return Awaitility.await()
                .atMost(30, TimeUnit.SECONDS)
                .ignoreExceptions()
                .until(() -> await(detector.check()), _ -> true);
    }

    @Test
    void is_not_suspected_while_the_plane_counts_on() {
        var detector = store.restoreDetector("one");
        var other = store.restoreDetector("two");
        for (int i = 0; i < 5; i++) {
            assertThat(await(detector.check())).isEqualTo(NOTHING_LOST);
            assertThat(await(other.check())).isEqualTo(NOTHING_LOST);
        }
    }

    @Test
    void may_have_lost_the_last_commits_if_the_server_was_started() throws Exception {
        var detector = store.restoreDetector("one");
        await(detector.check());
        postgres.kill();
        postgres.start();
        assertThat(check(detector)).isEqualTo(SERVER_STARTED);
        assertThat(await(detector.check())).isEqualTo(NOTHING_LOST);
    }

    @Test
    void is_not_suspected_by_a_plane_that_was_started() {
        assertThat(await(store.restoreDetector("one").check())).isEqualTo(NOTHING_LOST);
        assertThat(await(store.restoreDetector("one").check())).isEqualTo(NOTHING_LOST);
    }

    @Test
    void is_suspected_even_if_the_plane_did_not_count_between_the_backup_and_the_restore() throws Exception {
        var detector = store.restoreDetector("four");
        await(detector.check());
        postgres.backUp(backup);
        put("committed after the last count");
        postgres.restore(backup);
        assertThat(check(detector)).isEqualTo(SERVER_STARTED);
    }

    @Test
    void is_noticed_once() throws Exception {
        var detector = store.restoreDetector("one");
        await(detector.check());
        postgres.backUp(backup);
        assertThat(check(detector)).isEqualTo(SERVER_STARTED);
        assertThat(await(detector.check())).isEqualTo(NOTHING_LOST);
        postgres.restore(backup);
        assertThat(check(detector)).isEqualTo(WENT_BACK);
        assertThat(await(detector.check())).isEqualTo(NOTHING_LOST);
    }

    @Test
    void is_noticed_if_the_earlier_state_has_no_row_of_the_plane() throws Exception {
        var detector = store.restoreDetector("three");
        await(detector.check());
        try (var connection = postgres.connect();
                var statement = connection.createStatement()) {
            statement.executeUpdate("DELETE FROM planes");
        }
        assertThat(check(detector)).isEqualTo(WENT_BACK);
    }

    @Test
    void does_not_bring_back_who_was_erased() throws SQLException {
        long erasedAt = EpochMicros.now();
        put("ada");
        put("bob");
        put("cyd");
        setCreatedAt("ada", erasedAt - 1);
        // Registered after the erasure of another person with this id.
        setCreatedAt("bob", erasedAt + 1);
        var erasures = List.of(
                Erasure.of("ada", erasedAt), Erasure.of("bob", erasedAt), Erasure.of("never registered", erasedAt));
        assertThat(await(store.reapply(erasures))).isEqualTo(3);
        assertThat(await(store.registry().patient("ada"))).isEmpty();
        assertThat(await(store.registry().patient("bob"))).isPresent();
        assertThat(await(store.registry().patient("cyd"))).isPresent();
        assertThat(await(store.registry().erasePatient("ada"))).isEqualTo(erasedAt);
        assertThat(await(store.reapply(erasures))).as("a second time").isZero();
        assertThatThrownBy(() -> await(store.registry().erasePatient("dan")))
                .isInstanceOf(PlaneException.NotFound.class);
    }

    private void put(String patient) {
        await(store.registry().putPatient(Patient.provisional(patient, 0)));
    }

    private static void setCreatedAt(String patient, long micros) throws SQLException {
        try (var connection = postgres.connect();
                var update = connection.prepareStatement(
                        "UPDATE patients SET created_at = to_timestamp(0) + ? * interval '1 microsecond'"
                                + " WHERE patient_id = ?")) {
            update.setLong(1, micros);
            update.setString(2, patient);
            assertThat(update.executeUpdate()).isEqualTo(1);
        }
    }
}
