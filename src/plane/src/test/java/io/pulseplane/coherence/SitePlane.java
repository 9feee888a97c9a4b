package io.pulseplane.coherence;

import static io.pulseplane.ReadingFixtures.appendAll;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.assignment.Assignments;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.live.LatestCache;
import io.pulseplane.live.Watchers;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.SeriesSelector;
import io.pulseplane.store.Store;
import io.pulseplane.store.crypto.Keyset;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Subject;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;

/** The parts of a plane that use Redis. Several of them share a store. */
final class SitePlane implements AutoCloseable, RemoteChangeListener {

    static final byte[] KEY = key(1);

    final LatestCache latestValues = new LatestCache(1 << 24);
    final WindowCache windows = new WindowCache(1 << 20, Duration.ofMinutes(5));
    final RecordingSiteEvents events = new RecordingSiteEvents();
    final List<String> consents = new CopyOnWriteArrayList<>();
    final List<String> devices = new CopyOnWriteArrayList<>();
    final AtomicInteger missingReports = new AtomicInteger();
    final RedisSite site;
    final LatestQuery query;
    private final Store store;
    private final ChangePublisher changes;

    SitePlane(Vertx vertx, RedisSettings settings, Store store) {
        this.store = store;
        site = new RedisSite(vertx, settings, events, windows);
        changes = new ChangePublisher(latestValues, new Watchers(0), site);
        query = new LatestQuery(latestValues, store, site.latestSource(store), site, Assignments.any());
        site.start(this);
    }

    static byte[] key(int seed) {
        var key = new byte[32];
        IntStream.range(0, key.length).forEach(i -> key[i] = (byte) (seed * 31 + i));
        return key;
    }

    static RedisSettings settings(String plane, RedisProcess redis) {
        return settings(plane, RedisSettings.Type.STANDALONE, List.of(redis));
    }

    static RedisSettings settings(String plane, RedisSettings.Type type, List<RedisProcess> servers) {
        var urls = servers.stream().map(RedisProcess::url).toList();
        return RedisSettings.of(plane, RedisSettings.Server.of(type, urls, "mymaster"), new Keyset(KEY, List.of()));
    }

    /** The same settings with another TTL of values. */
    static RedisSettings withTtl(RedisSettings s, Duration ttl) {
        return new RedisSettings(
                s.plane(),
                s.keyPrefix(),
                s.server(),
                s.keys(),
                new RedisSettings.ValueTtls(ttl, s.valueTtls().placeholderTtl()),
                s.faults(),
                s.heartbeat(),
                s.maxStaleness(),
                s.minPlanes(),
                s.silentPlaneTimeout());
    }

    /** The same settings with another idle timeout of connections. */
    static RedisSettings withIdleTimeout(RedisSettings s, Duration idleTimeout) {
        var f = s.faults();
        return new RedisSettings(
                s.plane(),
                s.keyPrefix(),
                s.server(),
                s.keys(),
                s.valueTtls(),
                new RedisSettings.FaultTolerance(
                        f.readTimeout(),
                        f.writeTimeout(),
                        f.writeRetries(),
                        f.retryDelay(),
                        f.maxConcurrent(),
                        f.breakerVolume(),
                        f.breakerRatio(),
                        f.breakerDelay(),
                        f.connectTimeout(),
                        f.maxBackoff(),
                        idleTimeout),
                s.heartbeat(),
                s.maxStaleness(),
                s.minPlanes(),
                s.silentPlaneTimeout());
    }

    static RedisSettings withKeys(RedisSettings s, byte[] current, byte[]... others) {
        return new RedisSettings(
                s.plane(),
                s.keyPrefix(),
                s.server(),
                new Keyset(current, List.of(others)),
                s.valueTtls(),
                s.faults(),
                s.heartbeat(),
                s.maxStaleness(),
                s.minPlanes(),
                s.silentPlaneTimeout());
    }

    static void awaitSharing(SitePlane... planes) {
        Awaitility.await()
                .atMost(ReadingFixtures.TIMEOUT)
                .until(() -> List.of(planes).stream()
                        .allMatch(plane -> plane.site.isSharing() && plane.site.planeCount() == planes.length));
    }

    /** Stores readings and publishes them, as ingest does. */
    void put(Columns columns) {
        appendAll(store, columns);
        changes.readingsStored(columns);
    }

    List<Reading> ask(Subject subject) {
        return ReadingFixtures.await(query.execute(new SeriesSelector(subject, Set.of())));
    }

    /** The answer from memory; null if there is none. */
    List<Reading> now(Subject subject) {
        return query.cachedAnswer(new SeriesSelector(subject, Set.of())).orElse(null);
    }

    /** Evicts a subject from memory, as a restart would. */
    void forget(Subject subject) {
        latestValues.evict(subject, latestValues.entry(subject));
    }

    @Override
    public void readingStored(Reading reading) {
        changes.readingStoredElsewhere(reading);
    }

    @Override
    public void consentChanged(String patient) {
        consents.add(patient);
    }

    @Override
    public void patientErased(String patient) {
        changes.patientErasedElsewhere(patient);
    }

    @Override
    public void deviceChanged(String device) {
        devices.add(device);
    }

    @Override
    public void changesMayBeMissing() {
        missingReports.incrementAndGet();
    }

    @Override
    public void close() {
        site.close();
    }
}
