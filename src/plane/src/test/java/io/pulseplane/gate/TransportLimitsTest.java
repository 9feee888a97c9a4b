package io.pulseplane.gate;

import static io.pulseplane.gate.RawHttp2Client.CONTINUATION;
import static io.pulseplane.gate.RawHttp2Client.DATA;
import static io.pulseplane.gate.RawHttp2Client.END_HEADERS;
import static io.pulseplane.gate.RawHttp2Client.END_STREAM;
import static io.pulseplane.gate.RawHttp2Client.ENHANCE_YOUR_CALM;
import static io.pulseplane.gate.RawHttp2Client.GOAWAY;
import static io.pulseplane.gate.RawHttp2Client.HEADERS;
import static io.pulseplane.gate.RawHttp2Client.NO_FLAGS;
import static io.pulseplane.gate.RawHttp2Client.PING;
import static io.pulseplane.gate.RawHttp2Client.REFUSED_STREAM;
import static io.pulseplane.gate.RawHttp2Client.RST_STREAM;
import static io.pulseplane.gate.RawHttp2Client.SETTINGS;
import static io.pulseplane.gate.RawHttp2Client.WINDOW_UPDATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.pulseplane.api.Tokens;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.ListPatientsRequest;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whoever takes more than their share is stopped, and the others notice nothing. */
@QuarkusTest
@TestProfile(TransportLimitsTest.Profile.class)
class TransportLimitsTest extends ServedPlane {

    private static final int MAX_CALLS = 10;
    private static final int MAX_RESETS = 200;
    private static final int MAX_CONNECTIONS = 20;
    private static final int MAX_METADATA = 4_096;
    private static final int MAX_HALF_SENT = 8 * InboundByteLimit.FREE_BYTES_PER_CALL;

    public static final class Profile implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "pulseplane.gate.max-calls-per-connection", Integer.toString(MAX_CALLS),
                    "pulseplane.gate.max-resets-per-ten-seconds", Integer.toString(MAX_RESETS),
                    "pulseplane.gate.max-connections-per-address", Integer.toString(MAX_CONNECTIONS),
                    "pulseplane.gate.max-metadata-bytes", Integer.toString(MAX_METADATA),
                    "pulseplane.gate.max-half-sent-bytes-per-connection", Integer.toString(MAX_HALF_SENT),
                    "quarkus.grpc.server.handshake-timeout", "2s");
        }
    }

    private static final String LIST_PATIENTS = "/pulseplane.v1.RegistryService/ListPatients";
    private static final byte[] EVERYBODY =
            ListPatientsRequest.getDefaultInstance().toByteArray();

    @Inject
    MeterRegistry meters;

    private ManagedChannel neighbour;

    @BeforeEach
    void connect() {
        neighbour = another();
        await().untilAsserted(() -> assertThat(patients(neighbour).code()).isEqualTo(Status.Code.OK));
    }

    private ManagedChannel another() {
        return keep(NettyChannelBuilder.forAddress("127.0.0.1", server.getPort())
                .usePlaintext()
                .build());
    }

    private RawHttp2Client raw() throws IOException {
        return new RawHttp2Client(server.getPort());
    }

    private Map<String, String> bearer(String role) {
        return Map.of("authorization", "Bearer " + token(role));
    }

    private void assertNothingHappenedToOthers() {
        assertThat(patients(neighbour)).isEqualTo(new CallResult(Status.Code.OK, ""));
        assertThat(patients(another())).isEqualTo(new CallResult(Status.Code.OK, ""));
    }

    @Test
    void messages_are_not_read_beyond_four_mebibytes() {
        var large = PutReadingsRequest.newBuilder()
                .setBatch(Batch.newBuilder().setPatientId("x".repeat(5 << 20)))
                .build();
        var monitor = ClientInterceptors.intercept(neighbour, Tokens.bearer(Tokens.ofDevice(config.dataDir(), device)));
        assertThat(CallResult.of(monitor, IngestServiceGrpc.getPutReadingsMethod(), large)
                        .code())
                .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        var bomb = IngestServiceGrpc.newBlockingStub(monitor).withCompression("gzip");
        assertThatThrownBy(() -> bomb.putReadings(large))
                .as("a small message that would be a large one")
                .hasMessageContaining("RESOURCE_EXHAUSTED");
        assertThat(lastRecord().reason()).isEqualTo("too_large");
        assertThat(lastRecord().subject()).isEqualTo(device);
        assertNothingHappenedToOthers();
    }

    @Test
    void messages_that_have_begun_and_do_not_end_are_kept_up_to_a_bound() throws IOException {
        var path = "/" + IngestServiceGrpc.getStreamReadingsMethod().getFullMethodName();
        var monitor = Map.of("authorization", "Bearer " + Tokens.ofDevice(config.dataDir(), device));
        try (var client = raw()) {
            client.acknowledge();
            for (int call = 1; call <= 5; call += 2) {
                client.frame(HEADERS, END_HEADERS, call, client.headers(path, monitor));
                beginMessage(client, call);
                client.flush();
            }
            await().untilAsserted(() -> assertThat(client.received(HEADERS))
                    .as("the last of them was one too many")
                    .singleElement()
                    .satisfies(end -> assertThat(end.stream()).isEqualTo(5)));
            client.reset(1).frame(HEADERS, END_HEADERS, 7, client.headers(path, monitor));
            beginMessage(client, 7);
            client.call(9, LIST_PATIENTS, bearer("clinical_admin"), EVERYBODY).flush();
            await().untilAsserted(() -> assertThat(client.received(HEADERS))
                    .as("there is room again, and small messages always have it")
                    .extracting(RawHttp2Client.Frame::stream)
                    .contains(9)
                    .doesNotContain(7));
        }
        assertNothingHappenedToOthers();
    }

    /** Half of what one connection may have begun. */
    private static void beginMessage(RawHttp2Client client, int call) {
        client.frame(DATA, NO_FLAGS, call, (byte) 0, (byte) 0, (byte) 0x20, (byte) 0, (byte) 0);
        int frames = MAX_HALF_SENT / 2 / InboundByteLimit.FREE_BYTES_PER_CALL + 1;
        for (int i = 0; i < frames; i++) {
            client.frame(DATA, NO_FLAGS, call, new byte[InboundByteLimit.FREE_BYTES_PER_CALL]);
        }
    }

    @Test
    void metadata_is_refused_beyond_its_bound_with_a_reason_and_a_record() {
        long before = records();
        var call = patients(saying("x-nonsense", "x".repeat(MAX_METADATA)));
        assertThat(call).isEqualTo(new CallResult(Status.Code.INVALID_ARGUMENT, "metadata must be at most 4096 bytes"));
        assertThat(lastRecord().reason()).isEqualTo("malformed");
        assertThat(lastRecord().decision()).isEqualTo(Decision.REFUSED);
        assertThat(records()).isEqualTo(before + 1);
        assertNothingHappenedToOthers();
    }

    @Test
    void metadata_of_many_small_parts_is_large_too() {
        var many = new Metadata();
        for (int i = 0; i < 100; i++) {
            many.put(Metadata.Key.of("x-" + i, Metadata.ASCII_STRING_MARSHALLER), "");
        }
        var call = patients(ClientInterceptors.intercept(neighbour, MetadataUtils.newAttachHeadersInterceptor(many)));
        assertThat(call.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    private Channel saying(String name, String value) {
        var metadata = new Metadata();
        metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
        return ClientInterceptors.intercept(neighbour, MetadataUtils.newAttachHeadersInterceptor(metadata));
    }

    @Test
    void metadata_is_not_even_read_when_it_does_not_end() throws IOException {
        try (var client = raw()) {
            client.frame(HEADERS, NO_FLAGS, 1, client.headers(LIST_PATIENTS, Map.of()));
            var more = client.headers(LIST_PATIENTS, Map.of("x-nonsense", "~".repeat(8_000)));
            boolean listening = true;
            for (int i = 0; i < 10_000 && listening; i++) {
                listening = client.frame(CONTINUATION, NO_FLAGS, 1, more).flush();
            }
            assertThat(listening).as("80 MB of metadata were listened to").isFalse();
            client.awaitClosed();
        }
        assertNothingHappenedToOthers();
    }

    @Test
    void metadata_that_consists_of_nothing_does_not_go_on_for_ever() throws IOException {
        try (var client = raw()) {
            client.frame(HEADERS, NO_FLAGS, 1, client.headers(LIST_PATIENTS, Map.of()));
            boolean listening = true;
            for (int i = 0; i < 1_000 && listening; i++) {
                for (int j = 0; j < 1_000; j++) {
                    client.frame(CONTINUATION, NO_FLAGS, 1);
                }
                listening = client.flush();
            }
            assertThat(listening).isFalse();
        }
        assertNothingHappenedToOthers();
    }

    @Test
    void calls_beyond_those_a_connection_may_have_wait_for_their_turn() throws Exception {
        var busy = another();
        var staff = QueryServiceGrpc.newStub(as("authorized_medical_staff", busy));
        var streams = new ArrayList<StreamObserver<StreamLatestRequest>>();
        for (int i = 0; i < MAX_CALLS; i++) {
            streams.add(opened(staff));
        }
        var waiting = new CompletableFuture<CallResult>();
        Thread.ofVirtual().start(() -> waiting.complete(patients(busy)));
        assertNothingHappenedToOthers();
        assertThat(waiting).isNotDone();
        streams.removeFirst().onCompleted();
        assertThat(waiting.orTimeout(30, TimeUnit.SECONDS).join()).isEqualTo(new CallResult(Status.Code.OK, ""));
        streams.forEach(StreamObserver::onCompleted);
    }

    /** A stream on which one answer came, so that it is there. */
    private static StreamObserver<StreamLatestRequest> opened(QueryServiceGrpc.QueryServiceStub staff)
            throws Exception {
        var answered = new CompletableFuture<Void>();
        var requests = staff.streamLatest(new StreamObserver<>() {
            @Override
            public void onNext(StreamLatestResponse answer) {
                answered.complete(null);
            }

            @Override
            public void onError(Throwable failure) {
                answered.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {
                answered.complete(null);
            }
        });
        requests.onNext(StreamLatestRequest.newBuilder().setPatientId("ada").build());
        answered.get(30, TimeUnit.SECONDS);
        return requests;
    }

    @Test
    void calls_of_those_who_do_not_wait_are_refused_one_by_one() throws IOException {
        try (var client = raw()) {
            client.acknowledge();
            begin(client, MAX_CALLS + 5);
            await().untilAsserted(() -> assertThat(client.received(RST_STREAM))
                    .hasSize(5)
                    .allSatisfy(reset -> assertThat(reset.error()).isEqualTo(REFUSED_STREAM)));
            assertThat(client.received(HEADERS)).isEmpty();
            assertThat(client.isClosed()).isFalse();
        }
        assertNothingHappenedToOthers();
    }

    /** HTTP/2 holds nobody to a bound that they have not acknowledged. */
    @Test
    void calls_of_those_who_agree_to_nothing_are_refused_too() throws IOException {
        try (var client = raw()) {
            begin(client, 2 * MAX_CALLS + 5);
            await().untilAsserted(() -> assertThat(client.received(HEADERS)).hasSize(5));
            assertThat(client.isClosed()).isFalse();
            client.reset(1)
                    .reset(3)
                    .call(999, LIST_PATIENTS, bearer("clinical_admin"), EVERYBODY)
                    .flush();
            await().untilAsserted(() -> assertThat(client.received(DATA))
                    .as("there is room again")
                    .singleElement()
                    .satisfies(answer -> assertThat(answer.stream()).isEqualTo(999)));
        }
        assertNothingHappenedToOthers();
    }

    /** Streams on which nothing is asked yet. */
    private void begin(RawHttp2Client client, int calls) {
        var path = "/" + QueryServiceGrpc.getStreamLatestMethod().getFullMethodName();
        var headers = bearer("authorized_medical_staff");
        for (int i = 0; i < calls; i++) {
            client.frame(HEADERS, END_HEADERS, 2 * i + 1, client.headers(path, headers));
        }
        client.flush();
    }

    @Test
    void connections_beyond_those_an_address_may_have_are_closed_and_room_is_made_when_others_go() throws IOException {
        double refused = meters.counter("pulseplane.gate.connections.refused").count();
        var clients = new ArrayList<RawHttp2Client>();
        while (clients.stream().noneMatch(RawHttp2Client::isClosed) && clients.size() <= MAX_CONNECTIONS) {
            var client = raw();
            clients.add(client);
            await().until(() -> client.isClosed()
                    || client.received(SETTINGS).stream().anyMatch(settings -> settings.flags() == RawHttp2Client.ACK));
        }
        assertThat(clients).as("the neighbour has one, too").hasSize(MAX_CONNECTIONS);
        assertThat(clients.getLast().isClosed()).isTrue();
        assertThat(meters.counter("pulseplane.gate.connections.refused").count())
                .isEqualTo(refused + 1);
        assertThat(patients(neighbour).code()).isEqualTo(Status.Code.OK);
        for (var client : clients) {
            client.close();
        }
        await().untilAsserted(() -> assertThat(patients(another()).code()).isEqualTo(Status.Code.OK));
    }

    @Test
    void pings_that_come_too_often_end_the_connection() throws IOException {
        try (var client = raw()) {
            for (int i = 0; i < 4; i++) {
                client.frame(PING, NO_FLAGS, 0, new byte[Long.BYTES]);
            }
            client.flush();
            client.awaitClosed();
            assertThat(client.received(GOAWAY).getLast().error()).isEqualTo(ENHANCE_YOUR_CALM);
        }
        assertNothingHappenedToOthers();
    }

    @Test
    void abandoned_calls_end_the_connection_at_their_bound() throws IOException {
        try (var client = raw()) {
            var headers = bearer("clinical_admin");
            for (int i = 0; i <= MAX_RESETS; i++) {
                client.call(2 * i + 1, LIST_PATIENTS, headers, EVERYBODY).reset(2 * i + 1);
            }
            client.flush();
            client.awaitClosed();
            assertThat(client.received(GOAWAY).getLast().error()).isEqualTo(ENHANCE_YOUR_CALM);
        }
        assertNothingHappenedToOthers();
    }

    @Test
    void calls_that_the_plane_is_made_to_abandon_count_too() throws IOException {
        try (var client = raw()) {
            var headers = client.headers(LIST_PATIENTS, bearer("clinical_admin"));
            for (int i = 0; i <= MAX_RESETS; i++) {
                client.frame(HEADERS, END_HEADERS, 2 * i + 1, headers)
                        .frame(WINDOW_UPDATE, NO_FLAGS, 2 * i + 1, RawHttp2Client.number(0));
            }
            client.flush();
            client.awaitClosed();
            assertThat(client.received(GOAWAY).getLast().error()).isEqualTo(ENHANCE_YOUR_CALM);
        }
        assertNothingHappenedToOthers();
    }

    /** Again and again, from more connections than an address may have at once: what is abandoned leaves nothing. */
    @Test
    void storms_of_abandoned_calls_leave_others_their_answers_and_no_record_unwritten() throws Exception {
        double decided = decisions();
        double written = meters.counter("pulseplane.audit.records").count();
        var storming = new AtomicBoolean(true);
        var unanswered = new CompletableFuture<List<CallResult>>();
        var calls = new ArrayList<CallResult>();
        Thread.ofVirtual().start(() -> {
            var bad = new ArrayList<CallResult>();
            do {
                var call = patients(neighbour);
                calls.add(call);
                if (call.code() != Status.Code.OK) {
                    bad.add(call);
                }
            } while (storming.get());
            unanswered.complete(bad);
        });
        var headers = bearer("clinical_admin");
        for (int storm = 0; storm < 2 * MAX_CONNECTIONS; storm++) {
            try (var client = raw()) {
                for (int i = 0; i < 5 * MAX_RESETS; i++) {
                    client.call(2 * i + 1, LIST_PATIENTS, headers, EVERYBODY).reset(2 * i + 1);
                }
                client.flush();
                client.awaitClosed();
            }
        }
        storming.set(false);
        assertThat(unanswered.join()).isEmpty();
        assertThat(calls).hasSizeGreaterThan(1);
        await().untilAsserted(() -> assertThat(
                        meters.counter("pulseplane.audit.records").count() - written)
                .isEqualTo(decisions() - decided));
        assertThat(decisions() - decided).isGreaterThan(calls.size());
        assertNothingHappenedToOthers();
    }

    /** Those that leave a record: nobody asks for health or reflection here. */
    private double decisions() {
        return meters.find("pulseplane.gate.decisions").counters().stream()
                .filter(counter -> !"LIMITED".equals(counter.getId().getTag("outcome")))
                .mapToDouble(Counter::count)
                .sum();
    }

    @Test
    void silence_is_not_waited_for() throws IOException {
        for (var opening : Stream.of("", "PRI * HT", "GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
                .toList()) {
            try (var client = new RawHttp2Client(server.getPort(), opening)) {
                client.awaitClosed();
            }
        }
        assertNothingHappenedToOthers();
    }

    @Test
    void nonsense_ends_a_connection_or_a_call_and_nothing_else() throws IOException {
        try (var client = raw()) {
            client.frame(HEADERS, END_HEADERS | END_STREAM, 1, new byte[] {(byte) 0xFF, (byte) 0xFF, 0, 1, 2, 3})
                    .flush();
            client.awaitClosed();
        }
        try (var client = raw()) {
            client.frame(CONTINUATION, END_HEADERS, 1, new byte[0]).flush();
            client.awaitClosed();
        }
        try (var client = raw()) {
            client.call(1, "", Map.of(), EVERYBODY)
                    .call(3, "/pulseplane.v1.NoService/NoCall", bearer("clinical_admin"), EVERYBODY)
                    .call(5, "/" + RegistryServiceGrpc.getListPatientsMethod().getFullMethodName(), Map.of(), EVERYBODY)
                    .call(7, LIST_PATIENTS, bearer("clinical_admin"), EVERYBODY)
                    .flush();
            await().until(() -> client.received(HEADERS).stream().anyMatch(answer -> answer.stream() == 7));
            assertThat(client.isClosed()).isFalse();
        }
        assertNothingHappenedToOthers();
    }
}
