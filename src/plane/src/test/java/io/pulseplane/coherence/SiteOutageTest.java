package io.pulseplane.coherence;

import static io.pulseplane.ReadingFixtures.ADA;
import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.coherence.SitePlane.awaitSharing;
import static io.pulseplane.coherence.SitePlane.settings;
import static io.pulseplane.coherence.SitePlane.withIdleTimeout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.coherence.SiteEvents.LookupOutcome;
import io.pulseplane.store.postgres.PostgresServer;
import io.pulseplane.store.postgres.PostgresSettings;
import io.pulseplane.store.postgres.PostgresStore;
import io.pulseplane.store.postgres.RestartablePostgres;
import io.pulseplane.vitals.EpochMicros;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The table of outages in docs/site.md, for reading: two planes over a real PostgreSQL and a real Redis, of which one
 * or both are gone for several idle timeouts of the connections to Redis.
 */
class SiteOutageTest {

    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration OUTAGE = IDLE_TIMEOUT.multipliedBy(2);

    private static final Series PULSE_OF_ADA = series("ada", "d1", HEART_RATE);
    private static final Subject BOB = new Subject.OfPatient("bob");
    private static final Reading FIRST = new Reading(PULSE_OF_ADA, 10, 60);

    private final Vertx vertx = Vertx.vertx();
    private RestartablePostgres postgres;
    private RedisProcess redis;
    private PostgresStore storeOfOne;
    private PostgresStore storeOfTwo;
    private SitePlane one;
    private SitePlane two;

    @BeforeEach
    void open() throws IOException {
        postgres = new RestartablePostgres();
        redis = new RedisProcess();
        storeOfOne = openStore();
        storeOfTwo = openStore();
        one = new SitePlane(vertx, withIdleTimeout(settings("one", redis), IDLE_TIMEOUT), storeOfOne);
        two = new SitePlane(vertx, withIdleTimeout(settings("two", redis), IDLE_TIMEOUT), storeOfTwo);
        awaitSharing(one, two);
        one.put(oneReading(PULSE_OF_ADA, 10, 60));
        one.put(oneReading(series("bob", "d2", HEART_RATE), 10, 70));
        assertThat(one.ask(ADA)).containsExactly(FIRST);
        assertThat(two.ask(ADA)).containsExactly(FIRST);
    }

    private PostgresStore openStore() {
        var settings = PostgresSettings.of(
                new PostgresSettings.Host("localhost", postgres.port()),
                "postgres",
                PostgresServer.USER,
                PostgresServer.PASSWORD);
        return PostgresStore.open(vertx, settings, EpochMicros::now);
    }

    @AfterEach
    void close() throws IOException {
        one.close();
        two.close();
        storeOfOne.close();
        storeOfTwo.close();
        redis.close();
        postgres.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private List<SitePlane> planes() {
        return List.of(one, two);
    }

    private Stream<PostgresStore> stores() {
        return Stream.of(storeOfOne, storeOfTwo);
    }

    /** Checks again and again for the time of an outage. */
    private static void throughout(Runnable check) {
        long since = System.nanoTime();
        await().pollInterval(Duration.ofMillis(20)).atMost(OUTAGE.plus(TIMEOUT)).until(() -> {
            check.run();
            return System.nanoTime() - since > OUTAGE.toNanos();
        });
    }

    @Test
    void while_nothing_happens_nothing_is_read_again() {
        var epochs = planes().stream().map(plane -> plane.site.epoch()).toList();
        throughout(() -> {
            assertThat(planes()).allSatisfy(plane -> assertThat(plane.now(ADA)).containsExactly(FIRST));
            assertThat(planes().stream().map(plane -> plane.site.epoch()).toList())
                    .as("what is remembered stays trusted")
                    .isEqualTo(epochs);
        });
        assertThat(planes()).allMatch(plane -> plane.site.isSharing());
    }

    @Test
    void without_postgresql_latest_readings_come_from_memory_and_redis() throws Exception {
        await().atMost(TIMEOUT).until(() -> {
            two.forget(BOB);
            two.ask(BOB);
            return two.events.count(LookupOutcome.HIT) > 0;
        });
        postgres.stop();
        throughout(() -> assertThat(planes())
                .allSatisfy(plane -> assertThat(plane.ask(ADA)).containsExactly(FIRST)));
        two.forget(BOB);
        assertThat(two.ask(BOB)).as("what only Redis remembers").hasSize(1);
        assertThatThrownBy(() -> two.ask(new Subject.OfPatient("cyd"))).isInstanceOf(PlaneException.Unavailable.class);
        assertThat(stores()).allSatisfy(SiteOutageTest::assertRegistryIsGone);
        postgres.start();
        await().atMost(TIMEOUT)
                .ignoreExceptionsInstanceOf(PlaneException.Unavailable.class)
                .until(() -> ReadingFixtures.await(storeOfOne.registry().patient("ada"))
                        .isPresent());
        one.put(oneReading(PULSE_OF_ADA, 20, 61));
        await().atMost(TIMEOUT).until(() -> two.ask(ADA).getFirst().time() == 20);
    }

    private static void assertRegistryIsGone(PostgresStore store) {
        assertThatThrownBy(() -> ReadingFixtures.await(store.registry().patient("ada")))
                .isInstanceOf(PlaneException.Unavailable.class);
    }

    @Test
    void without_redis_latest_readings_come_from_postgresql() {
        redis.kill();
        throughout(() -> assertThat(planes())
                .allSatisfy(plane -> assertThat(plane.ask(ADA)).containsExactly(FIRST)));
        one.put(oneReading(PULSE_OF_ADA, 20, 61));
        await().atMost(TIMEOUT).until(() -> two.ask(ADA).getFirst().time() == 20);
        redis.start();
        awaitSharing(one, two);
    }

    @Test
    void without_both_nothing_is_answered_that_may_be_stale() throws Exception {
        redis.kill();
        postgres.stop();
        await().atMost(TIMEOUT).untilAsserted(this::assertUnavailable);
        throughout(this::assertUnavailable);
        postgres.start();
        redis.start();
        await().atMost(TIMEOUT)
                .ignoreExceptionsInstanceOf(PlaneException.Unavailable.class)
                .until(() -> one.ask(ADA).equals(List.of(FIRST)) && two.ask(ADA).equals(List.of(FIRST)));
    }

    private void assertUnavailable() {
        assertThat(planes())
                .allSatisfy(plane ->
                        assertThatThrownBy(() -> plane.ask(ADA)).isInstanceOf(PlaneException.Unavailable.class));
    }
}
