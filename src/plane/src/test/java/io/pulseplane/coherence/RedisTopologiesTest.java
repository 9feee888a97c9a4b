package io.pulseplane.coherence;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.coherence.SitePlane.awaitSharing;
import static io.pulseplane.coherence.SitePlane.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pulseplane.coherence.SiteEvents.LookupOutcome;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two planes that share a Redis cluster, or a Redis with Sentinel, all of them real. */
class RedisTopologiesTest {

    private static final int PATIENTS = 50;

    private final Vertx vertx = Vertx.vertx();
    private final PausableStore store = new PausableStore();
    private final List<RedisProcess> servers = new ArrayList<>();
    private final List<SitePlane> planes = new ArrayList<>();

    @AfterEach
    void close() {
        planes.forEach(SitePlane::close);
        servers.forEach(RedisProcess::close);
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private SitePlane plane(String name, RedisSettings.Type type, List<RedisProcess> hosts) {
        var plane = new SitePlane(vertx, settings(name, type, hosts), store);
        planes.add(plane);
        return plane;
    }

    private RedisProcess server(RedisProcess server) {
        servers.add(server);
        return server;
    }

    private static Series pulseOf(int patient) {
        return series("patient " + patient, "monitor " + patient, HEART_RATE);
    }

    private static Subject subject(int patient) {
        return new Subject.OfPatient("patient " + patient);
    }

    /** One plane stores; the other receives the announcement, and finds the values in Redis after it evicted them. */
    private void assertSharing(SitePlane one, SitePlane two, long time) {
        for (int i = 0; i < PATIENTS; i++) {
            one.put(oneReading(pulseOf(i), time, 60));
            two.ask(subject(i));
        }
        for (int i = 0; i < PATIENTS; i++) {
            int patient = i;
            one.put(oneReading(pulseOf(i), time + 1, 61));
            await().atMost(TIMEOUT)
                    .until(() ->
                            List.of(new Reading(pulseOf(patient), time + 1, 61)).equals(two.now(subject(patient))));
        }
        int hits = two.events.count(LookupOutcome.HIT);
        await().atMost(TIMEOUT).until(() -> {
            IntStream.range(0, PATIENTS).forEach(i -> {
                two.forget(subject(i));
                assertThat(two.ask(subject(i))).containsExactly(new Reading(pulseOf(i), time + 1, 61));
            });
            return two.events.count(LookupOutcome.HIT) >= hits + PATIENTS;
        });
    }

    @Test
    void planes_of_a_cluster_spread_values_over_its_nodes_and_answer_without_one_of_them() {
        servers.addAll(RedisProcess.cluster(3));
        var one = plane("one", RedisSettings.Type.CLUSTER, servers);
        var two = plane("two", RedisSettings.Type.CLUSTER, servers.reversed());
        awaitSharing(one, two);
        assertSharing(one, two, 10);
        assertThat(servers).allMatch(node -> !node.answerContains("DBSIZE", ":0"));

        servers.getFirst().kill();
        for (int i = 0; i < PATIENTS; i++) {
            two.forget(subject(i));
            assertThat(two.ask(subject(i))).containsExactly(new Reading(pulseOf(i), 11, 61));
        }
    }

    @Test
    void planes_find_the_master_through_its_sentinel_and_the_next_one_after_a_fail_over() {
        var master = server(new RedisProcess());
        var replica = server(new RedisProcess("--replicaof", "127.0.0.1", Integer.toString(master.port())));
        await().atMost(TIMEOUT).until(() -> replica.answerContains("INFO replication", "master_link_status:up"));
        var sentinel = server(RedisProcess.sentinelOf(master));
        var one = plane("one", RedisSettings.Type.SENTINEL, List.of(sentinel));
        var two = plane("two", RedisSettings.Type.SENTINEL, List.of(sentinel));
        awaitSharing(one, two);
        assertSharing(one, two, 10);
        await().atMost(TIMEOUT)
                .until(() -> sentinel.answerContains("SENTINEL MASTER mymaster", "num-slaves\r\n$1\r\n1"));

        master.kill();
        await().atMost(TIMEOUT).until(() -> replica.answerContains("INFO replication", "role:master"));
        awaitSharing(one, two);
        assertSharing(one, two, 20);
    }
}
