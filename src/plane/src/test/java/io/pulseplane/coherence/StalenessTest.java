package io.pulseplane.coherence;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.coherence.SitePlane.awaitSharing;
import static io.pulseplane.coherence.SitePlane.settings;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ConcurrentTasks;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Subject;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Tests the promise of the site while random faults pause, kill, restart and disconnect Redis: every answer includes
 * everything that any plane answered or acknowledged longer ago than the bound. {@code -Dstaleness.seconds=10} sets the
 * duration and {@code -Dstaleness.seed} the faults.
 */
class StalenessTest {

    private static final int PATIENTS = 8;
    private static final long SECONDS = Long.getLong("staleness.seconds", 10);
    private static final long SEED = Long.getLong("staleness.seed", 20_260_101);

    /** The latest time that was acknowledged or answered for a patient, and when. */
    private record Observation(long time, long atNanos) {}

    private final Vertx vertx = Vertx.vertx();
    private final PausableStore store = new PausableStore();
    private final Map<Integer, List<Observation>> observations = new ConcurrentHashMap<>();
    private final AtomicLong clock = new AtomicLong();
    private final AtomicInteger queries = new AtomicInteger();
    private RedisProcess redis;
    private List<SitePlane> planes;
    private long bound;
    private long end;

    @BeforeEach
    void open() {
        redis = new RedisProcess();
        planes = List.of(
                new SitePlane(vertx, settings("one", redis), store),
                new SitePlane(vertx, settings("two", redis), store));
        bound = settings("one", redis).maxStaleness().toNanos();
        IntStream.range(0, PATIENTS).forEach(i -> observations.put(i, new ArrayList<>()));
        awaitSharing(planes.toArray(SitePlane[]::new));
    }

    @AfterEach
    void close() {
        redis.resume();
        planes.forEach(SitePlane::close);
        redis.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void no_answer_is_staler_than_the_bound() throws Exception {
        System.getLogger("staleness").log(System.Logger.Level.INFO, "seed {0}", Long.toString(SEED));
        var random = new SplittableRandom(SEED);
        end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        var writers = List.of(random.split(), random.split());
        var readers = List.of(random.split(), random.split());
        var faults = random.split();
        ConcurrentTasks.run(
                () -> write(planes.get(0), writers.get(0)),
                () -> write(planes.get(1), writers.get(1)),
                () -> read(planes.get(0), readers.get(0)),
                () -> read(planes.get(1), readers.get(1)),
                () -> injectFaults(faults));
        assertThat(queries.get()).isGreaterThan(100);
        var hits = planes.stream()
                .mapToInt(plane -> plane.events.count(SiteEvents.LookupOutcome.HIT))
                .sum();
        assertThat(hits).as("hits in Redis").isPositive();
    }

    private boolean isRunning() {
        return System.nanoTime() < end;
    }

    private void write(SitePlane plane, SplittableRandom random) {
        while (isRunning()) {
            int patient = random.nextInt(PATIENTS);
            long time = clock.incrementAndGet();
            plane.put(oneReading(series("p" + patient, "d" + patient, HEART_RATE), time, 60));
            observe(patient, time);
            pause(random.nextInt(10));
        }
    }

    private void read(SitePlane plane, SplittableRandom random) {
        while (isRunning()) {
            int patient = random.nextInt(PATIENTS);
            var subject = new Subject.OfPatient("p" + patient);
            if (random.nextInt(4) == 0) {
                plane.forget(subject);
            }
            long startNanos = System.nanoTime();
            long answeredTime = latestTime(plane, subject);
            assertThat(answeredTime)
                    .as("patient %d, seed %d", patient, SEED)
                    .isGreaterThanOrEqualTo(knownBefore(patient, startNanos - bound));
            observe(patient, answeredTime);
            queries.incrementAndGet();
            pause(random.nextInt(3));
        }
    }

    private static long latestTime(SitePlane plane, Subject subject) {
        try {
            return plane.ask(subject).getFirst().time();
        } catch (PlaneException.NotFound noReadingsYet) {
            return 0;
        }
    }

    private void observe(int patient, long time) {
        var all = observations.get(patient);
        synchronized (all) {
            all.add(new Observation(time, System.nanoTime()));
        }
    }

    private long knownBefore(int patient, long nanos) {
        var all = observations.get(patient);
        synchronized (all) {
            return all.stream()
                    .filter(observation -> observation.atNanos < nanos)
                    .mapToLong(Observation::time)
                    .max()
                    .orElse(0);
        }
    }

    private void injectFaults(SplittableRandom random) throws IOException {
        while (isRunning()) {
            pause(500 + random.nextInt(1_500));
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    redis.pause();
                    pause(random.nextInt(2_000));
                    redis.resume();
                }
                case 2 -> {
                    redis.kill();
                    pause(random.nextInt(1_000));
                    redis.start();
                }
                case 3 -> redis.send("CLIENT KILL TYPE pubsub");
                default -> redis.send("CLIENT KILL TYPE normal SKIPME yes");
            }
        }
    }

    /** Waits for the time of the next step; there is no condition to wait for. */
    private static void pause(long millis) {
        var since = System.nanoTime();
        Awaitility.await()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .atMost(TIMEOUT)
                .until(() -> System.nanoTime() - since >= TimeUnit.MILLISECONDS.toNanos(millis));
    }
}
