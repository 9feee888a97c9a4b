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

/** The plane stops clients that exceed its limits, and other clients are not affected. */
@QuarkusTest
@TestProfile(TransportLimitsTest.Profile.class)
class TransportLimitsTest extends ServedPlane {

    private static final int MAX_CALLS = 10;
    private static final int MAX_RESETS = 200;
    private static final int MAX_CONNECTIONS = 20;
    private static final int MAX_METADATA = 4_096;
    private static final int MAX_UNFINISHED_BYTES = 8 * InboundByteLimit.FREE_BYTES_PER_CALL;

    public static final class Profile implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "pulseplane.gate.max-calls-per-connection", Integer.toString(MAX_CALLS),
                    "pulseplane.gate.max-resets-per-ten-seconds", Integer.toString(MAX_RESETS),
                    "pulseplane.gate.max-connections-per-address", Integer.toString(MAX_CONNECTIONS),
                    "pulseplane.gate.max-metadata-bytes", Integer.toString(MAX_METADATA),
                    "pulseplane.gate.max-inbound-bytes-per-connection", Integer.toString(MAX_UNFINISHED_BYTES),
                    "quarkus.grpc.server.handshake-timeout", "2s");
        }
    }

    private static final String LIST_PATIENTS = "/pulseplane.v1.RegistryService/ListPatients";
    private static final byte[] ALL_PATIENTS =
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

    private void assertOthersAreServed() {
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
                .as("a small message that decompresses to a large one")
                .hasMessageContaining("RESOURCE_EXHAUSTED");
        assertThat(lastRecord().reason()).isEqualTo("too_large");
        assertThat(lastRecord().subject()).isEqualTo(device);
        assertOthersAreServed();
    }

    @Test
    void unfinished_messages_are_kept_up_to_a_bound() throws IOException {
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
                    .as("the last one exceeded the bound")
                    .singleElement()
                    .satisfies(end -> assertThat(end.stream()).isEqualTo(5)));
            client.reset(1).frame(HEADERS, END_HEADERS, 7, client.headers(path, monitor));
            beginMessage(client, 7);
            client.call(9, LIST_PATIENTS, bearer("clinical_admin"), ALL_PATIENTS)
                    .flush();
            await().untilAsserted(() -> assertThat(client.received(HEADERS))
                    .as("there is room again, and always for small messages")
                    .extracting(RawHttp2Client.Frame::stream)
                    .contains(9)
                    .doesNotContain(7));
        }
        assertOthersAreServed();
    }

    /** Begins a message with half of the bytes that one connection may have unfinished. */
    private static void beginMessage(RawHttp2Client client, int call) {
        client.frame(DATA, NO_FLAGS, call, (byte) 0, (byte) 0, (byte) 0x20, (byte) 0, (byte) 0);
        int frames = MAX_UNFINISHED_BYTES / 2 / InboundByteLimit.FREE_BYTES_PER_CALL + 1;
        for (int i = 0; i < frames; i++) {
            client.frame(DATA, NO_FLAGS, call, new byte[InboundByteLimit.FREE_BYTES_PER_CALL]);
        }
    }

    @Test
    void metadata_is_refused_beyond_its_bound_with_a_reason_and_a_record() {
        long before = records();
        var call = patients(withMetadata("x-nonsense", "x".repeat(MAX_METADATA)));
        assertThat(call).isEqualTo(new CallResult(Status.Code.INVALID_ARGUMENT, "metadata must be at most 4096 bytes"));
        assertThat(lastRecord().reason()).isEqualTo("malformed");
        assertThat(lastRecord().decision()).isEqualTo(Decision.REFUSED);
        assertThat(records()).isEqualTo(before + 1);
        assertOthersAreServed();
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

    private Channel withMetadata(String name, String value) {
        var metadata = new Metadata();
        metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
        return ClientInterceptors.intercept(neighbour, MetadataUtils.newAttachHeadersInterceptor(metadata));
    }

    @Test
    void endless_metadata_ends_the_connection() throws IOException {
        try (var client = raw()) {
            client.frame(HEADERS, NO_FLAGS, 1, client.headers(LIST_PATIENTS, Map.of()));
            var continuation = client.headers(LIST_PATIENTS, Map.of("x-nonsense", "~".repeat(8_000)));
            boolean isOpen = true;
            for (int i = 0; i < 10_000 && isOpen; i++) {
                isOpen = client.frame(CONTINUATION, NO_FLAGS, 1, continuation).flush();
            }
            assertThat(isOpen).as("the plane read 80 MB of metadata").isFalse();
            client.awaitClosed();
        }
        assertOthersAreServed();
    }

    @Test
    void endless_empty_metadata_ends_the_connection() throws IOException {
        try (var client = raw()) {
            client.frame(HEADERS, NO_FLAGS, 1, client.headers(LIST_PATIENTS, Map.of()));
            boolean isOpen = true;
            for (int i = 0; i < 1_000 && isOpen; i++) {
                for (int j = 0; j < 1_000; j++) {
                    client.frame(CONTINUATION, NO_FLAGS, 1);
                }
                isOpen = client.flush();
            }
            assertThat(isOpen).isFalse();
        }
        assertOthersAreServed();
    }

    @Test
    void calls_beyond_the_limit_of_a_connection_wait_for_their_turn() throws Exception {
        var busy = another();
        var staff = QueryServiceGrpc.newStub(as("authorized_medical_staff", busy));
        var streams = new ArrayList<StreamObserver<StreamLatestRequest>>();
        for (int i = 0; i < MAX_CALLS; i++) {
            streams.add(opened(staff));
        }
        var waiting = new CompletableFuture<CallResult>();
        Thread.ofVirtual().start(() -> waiting.complete(patients(busy)));
        assertOthersAreServed();
        assertThat(waiting).isNotDone();
        streams.removeFirst().onCompleted();
        assertThat(waiting.orTimeout(30, TimeUnit.SECONDS).join()).isEqualTo(new CallResult(Status.Code.OK, ""));
        streams.forEach(StreamObserver::onCompleted);
    }

    /** Opens a stream and waits for one response, so that the plane has it. */
    private static StreamObserver<StreamLatestRequest> opened(QueryServiceGrpc.QueryServiceStub staff)
            throws Exception {
        var answered = new CompletableFuture<Void>();
        var requests = staff.streamLatest(new StreamObserver<>() {
            @Override
            public void onNext(StreamLatestResponse response) {
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
    void calls_beyond_the_acknowledged_limit_are_refused_one_by_one() throws IOException {
        try (var client = raw()) {
            client.acknowledge();
            begin(client, MAX_CALLS + 5);
            await().untilAsserted(() -> assertThat(client.received(RST_STREAM))
                    .hasSize(5)
                    .allSatisfy(reset -> assertThat(reset.error()).isEqualTo(REFUSED_STREAM)));
            assertThat(client.received(HEADERS)).isEmpty();
            assertThat(client.isClosed()).isFalse();
        }
        assertOthersAreServed();
    }

    /** HTTP/2 enforces a limit only after the client has acknowledged it. */
    @Test
    void calls_beyond_the_limit_are_refused_even_if_the_client_has_not_acknowledged_it() throws IOException {
        try (var client = raw()) {
            begin(client, 2 * MAX_CALLS + 5);
            await().untilAsserted(() -> assertThat(client.received(HEADERS)).hasSize(5));
            assertThat(client.isClosed()).isFalse();
            client.reset(1)
                    .reset(3)
                    .call(999, LIST_PATIENTS, bearer("clinical_admin"), ALL_PATIENTS)
                    .flush();
            await().untilAsserted(() -> assertThat(client.received(DATA))
                    .as("there is room again")
                    .singleElement()
                    .satisfies(answer -> assertThat(answer.stream()).isEqualTo(999)));
        }
        assertOthersAreServed();
    }

    /** Opens streams without requests. */
    private void begin(RawHttp2Client client, int calls) {
        var path = "/" + QueryServiceGrpc.getStreamLatestMethod().getFullMethodName();
        var headers = bearer("authorized_medical_staff");
        for (int i = 0; i < calls; i++) {
            client.frame(HEADERS, END_HEADERS, 2 * i + 1, client.headers(path, headers));
        }
        client.flush();
    }

    @Test
    void connections_beyond_the_limit_of_an_address_are_closed_until_others_end() throws IOException {
        double refused = meters.counter("pulseplane.gate.connections.refused").count();
        var clients = new ArrayList<RawHttp2Client>();
        while (clients.stream().noneMatch(RawHttp2Client::isClosed) && clients.size() <= MAX_CONNECTIONS) {
            var client = raw();
            clients.add(client);
            await().until(() -> client.isClosed()
                    || client.received(SETTINGS).stream().anyMatch(settings -> settings.flags() == RawHttp2Client.ACK));
        }
        assertThat(clients).as("the neighbour has one connection, too").hasSize(MAX_CONNECTIONS);
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
        assertOthersAreServed();
    }

    @Test
    void abandoned_calls_end_the_connection_at_their_bound() throws IOException {
        try (var client = raw()) {
            var headers = bearer("clinical_admin");
            for (int i = 0; i <= MAX_RESETS; i++) {
                client.call(2 * i + 1, LIST_PATIENTS, headers, ALL_PATIENTS).reset(2 * i + 1);
            }
            client.flush();
            client.awaitClosed();
            assertThat(client.received(GOAWAY).getLast().error()).isEqualTo(ENHANCE_YOUR_CALM);
        }
        assertOthersAreServed();
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
        assertOthersAreServed();
    }

    /** More connections one after another than an address may have at once: abandoned calls leave nothing behind. */
    @Test
    void storms_of_abandoned_calls_leave_others_their_answers_and_no_record_unwritten() throws Exception {
        double decided = decisions();
        double written = meters.counter("pulseplane.audit.records").count();
        var storming = new AtomicBoolean(true);
        var failures = new CompletableFuture<List<CallResult>>();
        var calls = new ArrayList<CallResult>();
        Thread.ofVirtual().start(() -> {
            var failed = new ArrayList<CallResult>();
            do {
                var call = patients(neighbour);
                calls.add(call);
                if (call.code() != Status.Code.OK) {
                    failed.add(call);
                }
            } while (storming.get());
            failures.complete(failed);
        });
        var headers = bearer("clinical_admin");
        for (int storm = 0; storm < 2 * MAX_CONNECTIONS; storm++) {
            try (var client = raw()) {
                for (int i = 0; i < 5 * MAX_RESETS; i++) {
                    client.call(2 * i + 1, LIST_PATIENTS, headers, ALL_PATIENTS).reset(2 * i + 1);
                }
                client.flush();
                client.awaitClosed();
            }
        }
        storming.set(false);
        assertThat(failures.join()).isEmpty();
        assertThat(calls).hasSizeGreaterThan(1);
        await().untilAsserted(() -> assertThat(
                        meters.counter("pulseplane.audit.records").count() - written)
                .isEqualTo(decisions() - decided));
        assertThat(decisions() - decided).isGreaterThan(calls.size());
        assertOthersAreServed();
    }

    /** Decisions that leave a record. No call here is for health or reflection, which leave none. */
    private double decisions() {
        return meters.find("pulseplane.gate.decisions").counters().stream()
                .filter(counter -> !"LIMITED".equals(counter.getId().getTag("outcome")))
                .mapToDouble(Counter::count)
                .sum();
    }

    @Test
    void connections_that_send_nothing_useful_are_closed() throws IOException {
        for (var opening : Stream.of("", "PRI * HT", "GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
                .toList()) {
            try (var client = new RawHttp2Client(server.getPort(), opening)) {
                client.awaitClosed();
            }
        }
        assertOthersAreServed();
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
            client.call(1, "", Map.of(), ALL_PATIENTS)
                    .call(3, "/pulseplane.v1.NoService/NoCall", bearer("clinical_admin"), ALL_PATIENTS)
                    .call(5, LIST_PATIENTS, Map.of(), ALL_PATIENTS)
                    .call(7, LIST_PATIENTS, bearer("clinical_admin"), ALL_PATIENTS)
                    .flush();
            await().until(() -> client.received(HEADERS).stream().anyMatch(answer -> answer.stream() == 7));
            assertThat(client.isClosed()).isFalse();
        }
        assertOthersAreServed();
    }
}
