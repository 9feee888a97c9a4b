package io.pulseplane.coherence;

import static io.pulseplane.ReadingFixtures.ADA;
import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.ReadingFixtures.appendAll;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.coherence.SitePlane.awaitSharing;
import static io.pulseplane.coherence.SitePlane.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pulseplane.coherence.SiteEvents.LookupOutcome;
import io.pulseplane.query.SeriesSelector;
import io.pulseplane.store.crypto.Aead;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an intruder with access to Redis, but without the key, can see and do. */
class RedisLatestCacheTest {

    private static final Subject SECRETIVE = new Subject.OfPatient("patient-known-to-nobody");
    private static final Series SECRET = series("patient-known-to-nobody", "device-known-to-nobody", HEART_RATE);

    private final Vertx vertx = Vertx.vertx();
    private final PausableStore store = new PausableStore();
    private RedisProcess redis;
    private SitePlane one;
    private SitePlane two;
    private Redis intruder;

    @BeforeEach
    void open() {
        redis = new RedisProcess();
        one = new SitePlane(vertx, settings("one", redis), store);
        two = new SitePlane(vertx, settings("two", redis), store);
        awaitSharing(one, two);
        intruder = Redis.createClient(vertx, redis.url());
    }

    @AfterEach
    void close() {
        one.close();
        two.close();
        redis.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private Response execute(Request request) {
        return intruder.send(request).toCompletionStage().toCompletableFuture().join();
    }

    private List<String> keys() {
        return execute(Request.cmd(Command.KEYS).arg("*")).stream()
                .map(Response::toString)
                .toList();
    }

    private byte[] get(String key) {
        return execute(Request.cmd(Command.GET).arg(key)).toBytes();
    }

    /** The key of a subject whose value was not in Redis before. Waits until the planes trust the generation again. */
    private String keyOf(Subject subject) {
        var before = keys();
        return await().atMost(TIMEOUT)
                .until(
                        () -> {
                            one.forget(subject);
                            one.ask(subject);
                            return keys().stream()
                                    .filter(key -> !before.contains(key) && isValue(key))
                                    .toList();
                        },
                        keys -> keys.size() == 1)
                .getFirst();
    }

    private boolean isValue(String key) {
        return get(key).length > Aead.HEADER_BYTES;
    }

    private void put(String key, byte[] value) {
        execute(Request.cmd(Command.SET).arg(key).arg(Buffer.buffer(value)));
    }

    @Test
    void neither_redis_nor_its_traffic_reveals_patients_or_values() throws Exception {
        try (var monitor = redis.connect()) {
            monitor.getOutputStream().write("MONITOR\r\n".getBytes(StandardCharsets.ISO_8859_1));
            one.put(oneReading(SECRET, 1_763_000_000_000_123L, 63.0625));
            one.ask(SECRETIVE);
            one.site.consentChanged("patient-known-to-nobody");
            one.site.deviceChanged("device-known-to-nobody");
            await().atMost(TIMEOUT).until(() -> two.devices.contains("device-known-to-nobody"));
            awaitHit(SECRETIVE);
            execute(Request.cmd(Command.PING).arg("that-is-all"));
            var seen = upTo(monitor, "that-is-all");
            assertThat(seen).contains("pulseplane:news", "pulseplane:latest:", "\"set\"", "\"eval\"");
            assertHidden(seen);
        }
        for (var key : keys()) {
            assertHidden(key);
            assertHidden(new String(get(key), StandardCharsets.ISO_8859_1));
        }
    }

    private void awaitHit(Subject subject) {
        await().atMost(TIMEOUT).until(() -> {
            two.forget(subject);
            two.ask(subject);
            return two.events.count(LookupOutcome.HIT) > 0;
        });
    }

    private static void assertHidden(String seen) {
        assertThat(seen).doesNotContain("known-to-nobody", HEART_RATE, "/min", "63.0625", "1763000000000123");
        // The same value and time in binary, as MONITOR prints them.
        assertThat(seen).doesNotContain("@O\\x88", "@O\u0088", "\\x06Cr");
    }

    private static String upTo(Socket monitor, String end) throws IOException {
        var seen = new ByteArrayOutputStream();
        var buffer = new byte[8_192];
        while (!seen.toString(StandardCharsets.ISO_8859_1).contains(end)) {
            seen.write(buffer, 0, monitor.getInputStream().read(buffer));
        }
        return seen.toString(StandardCharsets.ISO_8859_1);
    }

    private void assertReplaced(UnaryOperator<byte[]> change) {
        appendAll(store, oneReading(series("ada", "d1", HEART_RATE), 10, 60));
        var key = keyOf(ADA);
        put(key, change.apply(get(key)));
        assertAnsweredFromStore(ADA);
        int hits = one.events.count(LookupOutcome.HIT);
        await().atMost(TIMEOUT).until(() -> {
            one.forget(ADA);
            one.ask(ADA);
            return one.events.count(LookupOutcome.HIT) > hits;
        });
    }

    private void assertAnsweredFromStore(Subject subject) {
        await().atMost(TIMEOUT).until(() -> {
            two.forget(subject);
            assertThat(two.ask(subject)).containsExactly(new Reading(series("ada", "d1", HEART_RATE), 10, 60));
            return two.events.count(LookupOutcome.FORGED) > 0;
        });
    }

    @Test
    void a_modified_value_is_not_trusted_and_is_replaced() {
        assertReplaced(value -> {
            value[value.length - 20] ^= 1;
            return value;
        });
    }

    @Test
    void a_truncated_value_is_not_trusted_and_is_replaced() {
        assertReplaced(value -> Arrays.copyOf(value, value.length - 7));
    }

    @Test
    void a_value_of_one_byte_is_not_trusted_and_is_replaced() {
        assertReplaced(_ -> new byte[] {42});
    }

    @Test
    void the_value_of_another_subject_is_not_trusted() {
        appendAll(store, oneReading(series("ada", "d1", HEART_RATE), 10, 60));
        var ofAda = keyOf(ADA);
        appendAll(store, oneReading(series("bob", "d2", HEART_RATE), 20, 99));
        var ofBob = keyOf(new Subject.OfPatient("bob"));
        put(ofAda, get(ofBob));
        assertAnsweredFromStore(ADA);
    }

    @Test
    void a_modified_value_does_not_affect_others_of_the_same_command() {
        var bob = new Subject.OfPatient("bob");
        appendAll(
                store,
                oneReading(series("ada", "d1", HEART_RATE), 10, 60),
                oneReading(series("bob", "d2", HEART_RATE), 20, 99));
        var ofAda = keyOf(ADA);
        keyOf(bob);
        await().atMost(TIMEOUT).until(() -> {
            put(ofAda, new byte[] {42});
            two.forget(ADA);
            two.forget(bob);
            int hits = two.events.count(LookupOutcome.HIT);
            int forged = two.events.count(LookupOutcome.FORGED);
            var both = Stream.of(ADA, bob)
                    .map(subject -> two.query
                            .execute(new SeriesSelector(subject, Set.of()))
                            .subscribeAsCompletionStage())
                    .toList();
            assertThat(both.getFirst().join()).containsExactly(new Reading(series("ada", "d1", HEART_RATE), 10, 60));
            assertThat(both.getLast().join()).containsExactly(new Reading(series("bob", "d2", HEART_RATE), 20, 99));
            return two.events.count(LookupOutcome.HIT) == hits + 1
                    && two.events.count(LookupOutcome.FORGED) == forged + 1;
        });
    }

    @Test
    void planes_that_seal_with_different_known_keys_exchange_messages_and_share_no_values() {
        two.close();
        one.close();
        one = new SitePlane(
                vertx, SitePlane.withKeys(settings("one", redis), SitePlane.key(1), SitePlane.key(2)), store);
        two = new SitePlane(
                vertx, SitePlane.withKeys(settings("two", redis), SitePlane.key(2), SitePlane.key(1)), store);
        await().atMost(TIMEOUT)
                .until(() -> one.site.isConfirmed()
                        && two.site.isConfirmed()
                        && one.site.planeCount() == 2
                        && two.site.planeCount() == 2);
        assertThat(one.site.isSharing()).isFalse();
        one.put(oneReading(series("ada", "d1", HEART_RATE), 10, 60));
        two.ask(ADA);
        one.put(oneReading(series("ada", "d1", HEART_RATE), 20, 61));
        await().atMost(TIMEOUT)
                .until(() -> List.of(new Reading(series("ada", "d1", HEART_RATE), 20, 61))
                        .equals(two.now(ADA)));
    }
}
