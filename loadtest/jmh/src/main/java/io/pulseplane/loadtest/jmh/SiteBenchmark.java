package io.pulseplane.loadtest.jmh;

import io.pulseplane.assignment.Assignments;
import io.pulseplane.coherence.LatestSource;
import io.pulseplane.coherence.RedisSettings;
import io.pulseplane.coherence.RedisSite;
import io.pulseplane.coherence.RemoteChangeListener;
import io.pulseplane.coherence.SiteEvents;
import io.pulseplane.coherence.WindowCache;
import io.pulseplane.live.LatestCache;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.SeriesSelector;
import io.pulseplane.store.Site;
import io.pulseplane.store.crypto.Keyset;
import io.pulseplane.store.postgres.PostgresSettings;
import io.pulseplane.store.postgres.PostgresStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.flywaydb.core.Flyway;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import redis.embedded.core.ExecutableProvider;

/**
 * Measures the reads of a plane in a site: latest readings from its memory (and, for comparison, from that of a single
 * plane), latest readings from Redis, and a day of a series from PostgreSQL. It also measures how soon another plane
 * gets a reading. Redis and PostgreSQL are real servers on this machine.
 */
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class SiteBenchmark {

    private static final int PATIENTS = 1_000;
    private static final int PARALLEL_READS = 64;
    private static final int DAY = 86_400;
    private static final long START_US = 1_763_000_000_000_000L;
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final SiteEvents NO_EVENTS = new SiteEvents() {};
    private static final Series HEART_RATE = new Series("ada", "monitor", "8867-4", "/min");

    private final Vertx vertx = Vertx.vertx();
    private final List<Subject> subjects = IntStream.range(0, PATIENTS)
            .<Subject>mapToObj(i -> new Subject.OfPatient("patient-" + i))
            .toList();
    private final List<SeriesSelector> selectors = subjects.stream()
            .map(subject -> new SeriesSelector(subject, Set.of()))
            .toList();
    private EmbeddedPostgres postgres;
    private Process redis;
    private PostgresStore store;
    private RedisSite site;
    private RedisSite otherSite;
    private final Listener listener = new Listener();
    private long lastTime = START_US;
    private LatestSource redisSource;
    private LatestQuery siteQuery;
    private LatestQuery singlePlaneQuery;
    private int index;

    @Setup
    public void start() throws IOException {
        postgres = EmbeddedPostgres.builder()
                .setServerConfig("shared_buffers", "512MB")
                .start();
        Flyway.configure()
                .dataSource(postgres.getJdbcUrl("postgres", "postgres"), "postgres", "postgres")
                .locations("classpath:db/migration")
                .load()
                .migrate();
        store = PostgresStore.open(
                vertx,
                PostgresSettings.of(
                        new PostgresSettings.Host("localhost", postgres.getPort()), "postgres", "postgres", "postgres"),
                () -> ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now()));
        fill();
        int port = startRedis();
        site = member("one", port);
        otherSite = member("two", port);
        site.start(new Listener());
        otherSite.start(listener);
        redisSource = site.latestSource(store);
        siteQuery = new LatestQuery(new LatestCache(1 << 26), store, redisSource, site, Assignments.any());
        singlePlaneQuery = new LatestQuery(
                new LatestCache(1 << 26),
                store,
                LatestSource.of(store, Site.SINGLE_PLANE),
                Site.SINGLE_PLANE,
                Assignments.any());
        while (site.planeCount() < 2 || !site.isSharing() || !otherSite.isSharing()) {
            Thread.onSpinWait();
        }
        for (var selector : selectors) {
            siteQuery.execute(selector).await().atMost(TIMEOUT);
            singlePlaneQuery.execute(selector).await().atMost(TIMEOUT);
        }
    }

    private RedisSite member(String name, int port) {
        var server = RedisSettings.Server.of(RedisSettings.Type.STANDALONE, List.of("redis://127.0.0.1:" + port), "");
        return new RedisSite(
                vertx,
                RedisSettings.of(name, server, new Keyset(new byte[Keyset.BYTES], List.of())),
                NO_EVENTS,
                new WindowCache(0, TIMEOUT));
    }

    private int startRedis() throws IOException {
        int port;
        try (var socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        var program = ExecutableProvider.newJarResourceProvider().get().getPath();
        redis = new ProcessBuilder(program, "--port", Integer.toString(port), "--save", "", "--bind", "127.0.0.1")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return port;
    }

    private void fill() {
        for (int i = 0; i < PATIENTS; i++) {
            var id = Integer.toString(i);
            var series = new Series("patient-" + id, "monitor-" + id, "8867-4", "/min");
            append("monitor-" + id, "patient-" + id, 1, new Columns(series, new long[] {START_US}, new double[] {60}));
        }
        long[] times = new long[DAY];
        double[] values = new double[DAY];
        for (int i = 0; i < DAY; i++) {
            times[i] = START_US + i * 1_000_000L;
            values[i] = 60 + i % 40 / 10.0;
        }
        append("monitor", "ada", 1, new Columns(HEART_RATE, times, values));
    }

    private void append(String device, String patient, long sequence, Columns columns) {
        var batch = new ScreenedBatch(
                device, patient, sequence, sequence, List.of(new ScreenedBatch.Block(columns, null)), 0, List.of());
        store.readings().append(List.of(batch)).await().atMost(TIMEOUT);
    }

    @TearDown
    public void stop() throws IOException {
        site.close();
        otherSite.close();
        store.close();
        redis.destroyForcibly();
        postgres.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    /** Answers from memory. Executes the query only if the site's freshness is not confirmed, which is rare. */
    private Object latest(LatestQuery query) {
        var selector = selectors.get(nextIndex());
        return query.cachedAnswer(selector)
                .orElseGet(() -> query.execute(selector).await().atMost(TIMEOUT));
    }

    private int nextIndex() {
        index = index + 1 == PATIENTS ? 0 : index + 1;
        return index;
    }

    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    @OutputTimeUnit(TimeUnit.NANOSECONDS)
    public Object latestFromMemoryOfOnePlane() {
        return latest(singlePlaneQuery);
    }

    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    @OutputTimeUnit(TimeUnit.NANOSECONDS)
    public Object latestFromMemoryOfASite() {
        return latest(siteQuery);
    }

    @Benchmark
    @BenchmarkMode(Mode.Throughput)
    @OutputTimeUnit(TimeUnit.SECONDS)
    @OperationsPerInvocation(PARALLEL_READS)
    public Object latestFromRedis() {
        var results = IntStream.range(0, PARALLEL_READS)
                .mapToObj(_ -> redisSource.latest(subjects.get(nextIndex())))
                .map(Uni::subscribeAsCompletionStage)
                .toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(results).join();
        return results;
    }

    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    @OutputTimeUnit(TimeUnit.MILLISECONDS)
    public Columns dayOfOneHertzFromPostgres() {
        var day = store.readings()
                .read(HEART_RATE, TimeRange.ALL, Order.OLDEST_FIRST, DAY)
                .await()
                .atMost(TIMEOUT);
        if (day.size() != DAY) {
            throw new IllegalStateException("expected " + DAY + " readings, but got " + day.size());
        }
        return day;
    }

    /** Measures the time from a stored reading on one plane until the listener of another plane gets it. */
    @Benchmark
    @BenchmarkMode(Mode.SampleTime)
    @OutputTimeUnit(TimeUnit.MILLISECONDS)
    public Object propagationToAnotherPlane() {
        var propagated = listener.nextReading();
        site.readingsStored(new Columns(HEART_RATE, new long[] {++lastTime}, new double[] {60}));
        return propagated.join();
    }

    /** Gets the readings that another plane stored. */
    private static final class Listener implements RemoteChangeListener {

        private volatile CompletableFuture<Reading> pending = new CompletableFuture<>();

        CompletableFuture<Reading> nextReading() {
            var future = new CompletableFuture<Reading>();
            pending = future;
            return future;
        }

        @Override
        public void readingStored(Reading reading) {
            pending.complete(reading);
        }
    }
}
