package io.pulseplane.cache;

import static io.pulseplane.Readings.keep;

import io.pulseplane.Readings;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.live.LatestValues;
import io.pulseplane.live.Watchers;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.Question;
import io.pulseplane.store.Store;
import io.pulseplane.store.seal.SealKeys;
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

/** What of a plane has to do with Redis: one of several over one store. */
final class SharingPlane implements AutoCloseable, Heard {

    static final byte[] KEY = key(1);

    final LatestValues values = new LatestValues(1 << 24);
    final RecentWindows windows = new RecentWindows(1 << 20, Duration.ofMinutes(5));
    final SiteLedger events = new SiteLedger();
    final List<String> consents = new CopyOnWriteArrayList<>();
    final List<String> devices = new CopyOnWriteArrayList<>();
    final AtomicInteger doubts = new AtomicInteger();
    final RedisSite site;
    final LatestQuery query;
    private final Store store;
    private final ChangePublisher changes;

    SharingPlane(Vertx vertx, RedisSettings settings, Store store) {
        this.store = store;
        site = new RedisSite(vertx, settings, events, windows);
        changes = new ChangePublisher(values, new Watchers(0), site);
        query = new LatestQuery(values, store, site.over(store), site);
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
        return RedisSettings.of(plane, RedisSettings.Server.of(type, urls, "mymaster"), new SealKeys(KEY, List.of()));
    }

    /** The same, but a value lives only so long. */
    static RedisSettings withTtl(RedisSettings s, Duration ttl) {
        return new RedisSettings(
                s.plane(),
                s.prefix(),
                s.server(),
                s.keys(),
                new RedisSettings.Shared(ttl, s.shared().readTtl()),
                s.faults(),
                s.heartbeat(),
                s.maxStaleness(),
                s.planes(),
                s.forgetAfter());
    }

    static RedisSettings withKeys(RedisSettings s, byte[] current, byte[]... others) {
        return new RedisSettings(
                s.plane(),
                s.prefix(),
                s.server(),
                new SealKeys(current, List.of(others)),
                s.shared(),
                s.faults(),
                s.heartbeat(),
                s.maxStaleness(),
                s.planes(),
                s.forgetAfter());
    }

    static void untilSharing(SharingPlane... planes) {
        Awaitility.await()
                .atMost(Readings.PATIENCE)
                .until(() -> List.of(planes).stream()
                        .allMatch(plane -> plane.site.isSharing() && plane.site.planes() == planes.length));
    }

    /** As ingest does it: durable first, then known, then told. */
    void put(Columns columns) {
        keep(store, columns);
        changes.readingsStored(columns);
    }

    List<Reading> ask(Subject subject) {
        return Readings.await(query.ask(new Question(subject, Set.of())));
    }

    /** What would be answered without waiting for anything. */
    List<Reading> now(Subject subject) {
        return query.now(new Question(subject, Set.of())).orElse(null);
    }

    /** As if it had been restarted: it has to look for what it had. */
    void forget(Subject subject) {
        values.forget(subject, values.of(subject));
    }

    @Override
    public void stored(Reading reading) {
        changes.readingStoredElsewhere(reading);
    }

    @Override
    public void consentChanged(String patient) {
        consents.add(patient);
    }

    @Override
    public void deviceChanged(String device) {
        devices.add(device);
    }

    @Override
    public void doubt() {
        doubts.incrementAndGet();
    }

    @Override
    public void close() {
        site.close();
    }
}
