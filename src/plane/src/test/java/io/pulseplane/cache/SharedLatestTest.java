package io.pulseplane.cache;

import static io.pulseplane.Readings.ADA;
import static io.pulseplane.Readings.PATIENCE;
import static io.pulseplane.Readings.PULSE;
import static io.pulseplane.Readings.keep;
import static io.pulseplane.Readings.one;
import static io.pulseplane.Readings.series;
import static io.pulseplane.cache.SharingPlane.settings;
import static io.pulseplane.cache.SharingPlane.untilSharing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pulseplane.cache.SiteEvents.Lookup;
import io.pulseplane.query.Question;
import io.pulseplane.store.seal.Seal;
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

/** What somebody sees, and can do, who has Redis and not the key. */
class SharedLatestTest {

    private static final Subject SECRETIVE = new Subject.OfPatient("patient-known-to-nobody");
    private static final Series SECRET = series("patient-known-to-nobody", "device-known-to-nobody", PULSE);

    private final Vertx vertx = Vertx.vertx();
    private final SlowStore store = new SlowStore();
    private RedisProcess redis;
    private SharingPlane one;
    private SharingPlane two;
    private Redis intruder;

    @BeforeEach
    void open() {
        redis = new RedisProcess();
        one = new SharingPlane(vertx, settings("one", redis), store);
        two = new SharingPlane(vertx, settings("two", redis), store);
        untilSharing(one, two);
        intruder = Redis.createClient(vertx, redis.url());
    }

    @AfterEach
    void close() {
        one.close();
        two.close();
        redis.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private Response does(Request request) {
        return intruder.send(request).toCompletionStage().toCompletableFuture().join();
    }

    private List<String> keys() {
        return does(Request.cmd(Command.KEYS).arg("*")).stream()
                .map(Response::toString)
                .toList();
    }

    private byte[] at(String key) {
        return does(Request.cmd(Command.GET).arg(key)).toBytes();
    }

    /** Where the value of a subject is kept that was not before. However long the planes take to trust each other again. */
    private String keyOf(Subject subject) {
        var before = keys();
        return await().atMost(PATIENCE)
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
        return at(key).length > Seal.UNIQUE_BYTES;
    }

    private void put(String key, byte[] value) {
        does(Request.cmd(Command.SET).arg(key).arg(Buffer.buffer(value)));
    }

    @Test
    void nothing_in_redis_or_on_the_way_there_shows_of_whom_or_what_it_is() throws Exception {
        try (var monitor = redis.connect()) {
            monitor.getOutputStream().write("MONITOR\r\n".getBytes(StandardCharsets.ISO_8859_1));
            one.put(one(SECRET, 1_763_000_000_000_123L, 63.0625));
            one.ask(SECRETIVE);
            one.site.consentChanged("patient-known-to-nobody");
            one.site.deviceChanged("device-known-to-nobody");
            await().atMost(PATIENCE).until(() -> two.devices.contains("device-known-to-nobody"));
            theValueOf(SECRETIVE);
            does(Request.cmd(Command.PING).arg("that-is-all"));
            var seen = upTo(monitor, "that-is-all");
            assertThat(seen).contains("pulseplane:news", "pulseplane:latest:", "\"set\"", "\"eval\"");
            assertHidden(seen);
        }
        for (var key : keys()) {
            assertHidden(key);
            assertHidden(new String(at(key), StandardCharsets.ISO_8859_1));
        }
    }

    private void theValueOf(Subject subject) {
        await().atMost(PATIENCE).until(() -> {
            two.forget(subject);
            two.ask(subject);
            return two.events.count(Lookup.HIT) > 0;
        });
    }

    private static void assertHidden(String seen) {
        assertThat(seen).doesNotContain("known-to-nobody", PULSE, "/min", "63.0625", "1763000000000123");
        // The same as a double and a long in bytes, as monitors print them.
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

    private void isNotBelieved(UnaryOperator<byte[]> change) {
        keep(store, one(series("ada", "d1", PULSE), 10, 60));
        var key = keyOf(ADA);
        put(key, change.apply(at(key)));
        isAnsweredRight(ADA);
        int hits = one.events.count(Lookup.HIT);
        await().atMost(PATIENCE).until(() -> {
            one.forget(ADA);
            one.ask(ADA);
            return one.events.count(Lookup.HIT) > hits;
        });
    }

    private void isAnsweredRight(Subject subject) {
        await().atMost(PATIENCE).until(() -> {
            two.forget(subject);
            assertThat(two.ask(subject)).containsExactly(new Reading(series("ada", "d1", PULSE), 10, 60));
            return two.events.count(Lookup.FORGED) > 0;
        });
    }

    @Test
    void what_was_tampered_with_is_not_believed_and_is_replaced() {
        isNotBelieved(value -> {
            value[value.length - 20] ^= 1;
            return value;
        });
    }

    @Test
    void what_was_cut_off_is_not_believed_and_is_replaced() {
        isNotBelieved(value -> Arrays.copyOf(value, value.length - 7));
    }

    @Test
    void what_is_next_to_nothing_is_not_believed_and_is_replaced() {
        isNotBelieved(_ -> new byte[] {42});
    }

    @Test
    void the_value_of_another_is_not_believed() {
        keep(store, one(series("ada", "d1", PULSE), 10, 60));
        var ofAda = keyOf(ADA);
        keep(store, one(series("bob", "d2", PULSE), 20, 99));
        var ofBob = keyOf(new Subject.OfPatient("bob"));
        put(ofAda, at(ofBob));
        isAnsweredRight(ADA);
    }

    @Test
    void what_was_tampered_with_takes_nothing_from_what_is_read_along_with_it() {
        var bob = new Subject.OfPatient("bob");
        keep(store, one(series("ada", "d1", PULSE), 10, 60), one(series("bob", "d2", PULSE), 20, 99));
        var ofAda = keyOf(ADA);
        keyOf(bob);
        await().atMost(PATIENCE).until(() -> {
            put(ofAda, new byte[] {42});
            two.forget(ADA);
            two.forget(bob);
            int hits = two.events.count(Lookup.HIT);
            int forged = two.events.count(Lookup.FORGED);
            var both = Stream.of(ADA, bob)
                    .map(subject ->
                            two.query.ask(new Question(subject, Set.of())).subscribeAsCompletionStage())
                    .toList();
            assertThat(both.getFirst().join()).containsExactly(new Reading(series("ada", "d1", PULSE), 10, 60));
            assertThat(both.getLast().join()).containsExactly(new Reading(series("bob", "d2", PULSE), 20, 99));
            return two.events.count(Lookup.HIT) == hits + 1 && two.events.count(Lookup.FORGED) == forged + 1;
        });
    }

    @Test
    void planes_of_different_keys_hear_each_other_while_both_have_both_and_share_no_values() {
        two.close();
        one.close();
        one = new SharingPlane(
                vertx, SharingPlane.withKeys(settings("one", redis), SharingPlane.key(1), SharingPlane.key(2)), store);
        two = new SharingPlane(
                vertx, SharingPlane.withKeys(settings("two", redis), SharingPlane.key(2), SharingPlane.key(1)), store);
        await().atMost(PATIENCE)
                .until(() -> one.site.isConfirmed()
                        && two.site.isConfirmed()
                        && one.site.planes() == 2
                        && two.site.planes() == 2);
        assertThat(one.site.isSharing()).isFalse();
        one.put(one(series("ada", "d1", PULSE), 10, 60));
        two.ask(ADA);
        one.put(one(series("ada", "d1", PULSE), 20, 61));
        await().atMost(PATIENCE)
                .until(() ->
                        List.of(new Reading(series("ada", "d1", PULSE), 20, 61)).equals(two.now(ADA)));
    }
}
