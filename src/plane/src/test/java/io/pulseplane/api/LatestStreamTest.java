package io.pulseplane.api;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.pulseplane.assignment.Assignments;
import io.pulseplane.coherence.LatestSource.Snapshot;
import io.pulseplane.live.LatestCache;
import io.pulseplane.query.AnswerBudget;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.store.Site;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.Reading;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests the stream over a connection, with a source that answers when the test completes a lookup. */
class LatestStreamTest {

    /** Number of queries that are looked up at the same time. */
    private static final int MAX_CONCURRENT_LOOKUPS = 32;

    private final Map<String, UniEmitter<? super Snapshot>> lookups = new ConcurrentHashMap<>();
    private final CountDownLatch cancelled = new CountDownLatch(1);
    private final List<String> answers = new CopyOnWriteArrayList<>();
    private final LatestQuery latest = new LatestQuery(
            new LatestCache(1 << 20),
            new MemoryStore(() -> 0),
            subject -> Uni.createFrom().emitter(emitter -> lookups.put(subject.id(), emitter)),
            Site.SINGLE_PLANE,
            Assignments.any());
    private AnswerBudget budget = AnswerBudget.unbounded();
    private Server server;
    private ManagedChannel channel;

    private final class LatestService extends QueryServiceGrpc.QueryServiceImplBase {

        @Override
        public StreamObserver<StreamLatestRequest> streamLatest(StreamObserver<StreamLatestResponse> responses) {
            // Counts down after the stream has handled the cancellation.
            Context.current().addListener(_ -> cancelled.countDown(), Runnable::run);
            return LatestStream.open(
                    latest,
                    new QueryMessages(Catalogue.standard()),
                    new Deadlines(TIMEOUT, TIMEOUT),
                    budget,
                    (ServerCallStreamObserver<StreamLatestResponse>) responses);
        }
    }

    private final class ResponseRecorder implements StreamObserver<StreamLatestResponse> {

        @Override
        public void onNext(StreamLatestResponse response) {
            answers.add(
                    response.hasError()
                            ? Status.fromCodeValue(response.getError().getCode())
                                    .getCode()
                                    .name()
                            : response.getReadings(0).getPatientId());
        }

        @Override
        public void onError(Throwable failure) {
            answers.add("failed");
        }

        @Override
        public void onCompleted() {
            answers.add("completed");
        }
    }

    @BeforeEach
    void open() throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(new LatestService())
                .build()
                .start();
        channel = ManagedChannelBuilder.forAddress("localhost", server.getPort())
                .usePlaintext()
                .build();
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
        server.shutdownNow();
    }

    private static List<String> patients(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "p" + i).toList();
    }

    private StreamObserver<StreamLatestRequest> send(List<String> patients) {
        var requests = QueryServiceGrpc.newStub(channel).streamLatest(new ResponseRecorder());
        for (var patient : patients) {
            requests.onNext(
                    StreamLatestRequest.newBuilder().setPatientId(patient).build());
        }
        return requests;
    }

    private void awaitLookups(List<String> patients) {
        await().atMost(TIMEOUT).until(() -> lookups.keySet().containsAll(patients));
    }

    private void completeLookup(String patient) {
        lookups.get(patient)
                .complete(new Snapshot(List.of(new Reading(series(patient, "d-" + patient, HEART_RATE), 10, 60)), 0));
    }

    @Test
    void looks_up_queries_in_parallel_and_answers_them_in_order() {
        send(patients(0, MAX_CONCURRENT_LOOKUPS + 2)).onCompleted();
        awaitLookups(patients(0, MAX_CONCURRENT_LOOKUPS));
        patients(1, MAX_CONCURRENT_LOOKUPS).reversed().forEach(this::completeLookup);
        assertThat(lookups).as("maximum of concurrent lookups").hasSize(MAX_CONCURRENT_LOOKUPS);
        assertThat(answers).as("answers before the first lookup completes").isEmpty();
        completeLookup("p0");
        awaitLookups(patients(MAX_CONCURRENT_LOOKUPS, MAX_CONCURRENT_LOOKUPS + 2));
        patients(MAX_CONCURRENT_LOOKUPS, MAX_CONCURRENT_LOOKUPS + 2).forEach(this::completeLookup);
        await().atMost(TIMEOUT).until(() -> answers.contains("completed"));
        assertThat(answers.subList(0, MAX_CONCURRENT_LOOKUPS + 2)).isEqualTo(patients(0, MAX_CONCURRENT_LOOKUPS + 2));
    }

    @Test
    void a_cached_answer_waits_for_earlier_queries() {
        send(patients(0, 1));
        awaitLookups(patients(0, 1));
        completeLookup("p0");
        await().atMost(TIMEOUT).until(() -> answers.equals(patients(0, 1)));
        send(List.of("p1", "p0")).onCompleted();
        awaitLookups(patients(1, 2));
        completeLookup("p1");
        await().atMost(TIMEOUT).until(() -> answers.contains("completed"));
        assertThat(answers).containsExactly("p0", "p1", "p0", "completed");
    }

    @Test
    void a_query_without_room_is_refused_and_the_stream_goes_on() {
        budget = new AnswerBudget(4 * 40_000);
        var codes =
                IntStream.range(1, 100).mapToObj(i -> "a-code-of-a-vendor-" + i).toList();
        var requests = send(patients(0, 1));
        awaitLookups(patients(0, 1));
        for (var patient : patients(1, 41)) {
            requests.onNext(StreamLatestRequest.newBuilder()
                    .setPatientId(patient)
                    .addAllCodes(codes)
                    .addCodes(HEART_RATE)
                    .build());
        }
        awaitLookups(patients(1, 2));
        await().atMost(TIMEOUT).untilAsserted(() -> {
            lookups.keySet().forEach(this::completeLookup);
            assertThat(answers).hasSize(41).contains("RESOURCE_EXHAUSTED");
        });
        requests.onNext(StreamLatestRequest.newBuilder().setPatientId("p0").build());
        requests.onCompleted();
        await().atMost(TIMEOUT).untilAsserted(() -> assertThat(answers).endsWith("p0", "completed"));
        await().atMost(TIMEOUT).until(() -> budget.usedBytes() == 0);
    }

    @Test
    void a_caller_with_too_many_streams_is_refused_and_has_room_when_one_ends() throws InterruptedException {
        budget = new AnswerBudget(4 * 55_000);
        var first = send(patients(0, 1));
        awaitLookups(patients(0, 1));
        send(patients(0, 0));
        send(patients(0, 0));
        await().atMost(TIMEOUT).untilAsserted(() -> assertThat(answers).containsExactly("failed"));
        ((ClientCallStreamObserver<StreamLatestRequest>) first).cancel("the caller needs no answer", null);
        await().atMost(TIMEOUT).until(() -> budget.usedBytes() < 20_000);
        send(patients(0, 0)).onCompleted();
        await().atMost(TIMEOUT)
                .untilAsserted(() -> assertThat(answers).containsExactly("failed", "failed", "completed"));
    }

    @Test
    void starts_no_lookup_after_the_caller_cancelled() throws InterruptedException {
        var requests = send(patients(0, MAX_CONCURRENT_LOOKUPS + 2));
        awaitLookups(patients(0, MAX_CONCURRENT_LOOKUPS));
        ((ClientCallStreamObserver<StreamLatestRequest>) requests).cancel("the caller has enough answers", null);
        assertThat(cancelled.await(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
        patients(0, MAX_CONCURRENT_LOOKUPS).forEach(this::completeLookup);
        assertThat(lookups).hasSize(MAX_CONCURRENT_LOOKUPS);
    }
}
