package io.pulseplane.coherence;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.ReadingFixtures.appendAll;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.regularColumns;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.coherence.SitePlane.awaitSharing;
import static io.pulseplane.coherence.SitePlane.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.store.FixedWindows;
import io.pulseplane.store.Store;
import io.pulseplane.store.WindowGrid;
import io.pulseplane.store.postgres.PostgresServer;
import io.pulseplane.store.postgres.PostgresStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.ValueRange;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Windows that one plane caches of readings that another plane stores, with a real PostgreSQL and a real Redis. */
class WindowCacheOfSiteTest {

    private static final Series ADAS = series("ada", "d1", HEART_RATE);
    private static final long SECOND = 1_000_000;
    private static final WindowGrid GRID = FixedWindows.startingAtEpoch(10 * SECOND);
    private static final long NOW = 95 * SECOND;

    private final Vertx vertx = Vertx.vertx();
    private final PostgresServer postgres = PostgresServer.shared();
    private final Store store = PostgresStore.open(vertx, postgres.settings(postgres.createDatabase()), () -> NOW);
    private RedisProcess redis;
    private SitePlane one;
    private SitePlane two;
    private WindowSource source;

    @BeforeEach
    void open() {
        redis = new RedisProcess();
        one = new SitePlane(vertx, settings("one", redis), store);
        two = new SitePlane(vertx, settings("two", redis), store);
        source = two.windows.windowSource(store.readings(), two.site, () -> NOW);
        appendAll(store, regularColumns(SECOND, 94, ADAS));
        awaitSharing(one, two);
    }

    @AfterEach
    void close() {
        one.close();
        two.close();
        redis.close();
        store.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private long count(WindowSource windows) {
        var rows = ReadingFixtures.await(windows.aggregate(ADAS, new TimeRange(0, NOW), ValueRange.ALL, GRID, 100));
        return Arrays.stream(rows.counts()).sum();
    }

    private void awaitCount(WindowSource windows, long readings) {
        await().pollInterval(Duration.ofMillis(5)).atMost(TIMEOUT).until(() -> count(windows) == readings);
    }

    private void fillCache() {
        assertThat(count(source)).isEqualTo(94);
        long hits = two.windows.hits();
        await().atMost(TIMEOUT).until(() -> {
            count(source);
            return two.windows.hits() > hits;
        });
    }

    private static Columns late() {
        return oneReading(ADAS, 42 * SECOND + 1, 66);
    }

    @Test
    void a_late_reading_of_another_plane_appears_in_a_cached_window() {
        fillCache();
        one.put(late());
        awaitCount(source, 95);
    }

    @Test
    void all_windows_from_the_first_of_several_readings_are_read_again() {
        fillCache();
        one.put(ReadingFixtures.columns(ADAS, new long[] {42 * SECOND + 1, NOW + SECOND}, 66, 67));
        awaitCount(source, 95);
    }

    @Test
    void a_late_reading_appears_without_redis() {
        fillCache();
        redis.kill();
        one.put(late());
        awaitCount(source, 95);
    }

    @Test
    void a_polling_site_shows_a_late_reading_when_cached_windows_are_no_longer_fresh() {
        var windows = new WindowCache(1 << 20, Duration.ofMinutes(5));
        try (var pollingSite = new PollingSite(vertx, Duration.ofSeconds(1), windows)) {
            var pollingSource = windows.windowSource(store.readings(), pollingSite, () -> NOW);
            assertThat(count(pollingSource)).isEqualTo(94);
            appendAll(store, late());
            awaitCount(pollingSource, 95);
            appendAll(store, oneReading(ADAS, 43 * SECOND + 1, 66));
            pollingSite.readingsStored(oneReading(ADAS, 43 * SECOND + 1, 66));
            assertThat(count(pollingSource))
                    .as("readings that this plane stored")
                    .isEqualTo(96);
        }
    }

    @Test
    void a_changed_consent_evicts_the_patients_windows_on_other_planes() {
        fillCache();
        assertThat(two.windows.bytes()).isPositive();
        one.site.consentChanged("ada");
        await().atMost(TIMEOUT).until(() -> two.windows.bytes() == 0);
    }

    @Test
    void an_erasure_evicts_the_patients_windows_on_every_plane() {
        fillCache();
        var own = one.windows.windowSource(store.readings(), one.site, () -> NOW);
        count(own);
        ReadingFixtures.await(store.registry().erasePatient("ada"));
        one.site.patientErased("ada");
        assertThat(one.windows.bytes()).isZero();
        await().atMost(TIMEOUT).until(() -> two.windows.bytes() == 0);
        assertThat(count(source)).isZero();
    }
}
