package io.pulseplane.gate;

import static io.pulseplane.gate.RawHttp2Client.DATA;
import static io.pulseplane.gate.RawHttp2Client.END_HEADERS;
import static io.pulseplane.gate.RawHttp2Client.END_STREAM;
import static io.pulseplane.gate.RawHttp2Client.GOAWAY;
import static io.pulseplane.gate.RawHttp2Client.HEADERS;
import static io.pulseplane.gate.RawHttp2Client.NO_FLAGS;
import static io.pulseplane.gate.RawHttp2Client.PING;
import static io.pulseplane.gate.RawHttp2Client.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.pulseplane.v1.Consent;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetStatisticsRequest;
import io.pulseplane.v1.Patient;
import io.pulseplane.v1.PutConsentRequest;
import io.pulseplane.v1.PutPatientRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whatever callers do, the log gets at most a few lines for each kind, and no stack traces. */
@QuarkusTest
@TestProfile(LogFloodTest.Profile.class)
class LogFloodTest extends ServedPlane {

    private static final Path LOG = Path.of("target", "log-flood.log");
    private static final int ROUNDS = 50;

    private static final int CALLS = 10;

    /** Lines for the few kinds of one abuse. */
    private static final int MAX_LINES = 5;

    private static final String LATEST =
            "/" + QueryServiceGrpc.getGetLatestMethod().getFullMethodName();
    private static final String STATISTICS =
            "/" + QueryServiceGrpc.getGetStatisticsMethod().getFullMethodName();
    private static final String WATCH = "/" + QueryServiceGrpc.getWatchMethod().getFullMethodName();
    private static final String STREAM_LATEST =
            "/" + QueryServiceGrpc.getStreamLatestMethod().getFullMethodName();
    private static final byte[] ADA =
            GetLatestRequest.newBuilder().setPatientId("ada").build().toByteArray();

    public static final class Profile implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "quarkus.log.file.enabled", "true",
                    "quarkus.log.file.path", LOG.toString(),
                    "quarkus.log.file.filter", "plane",
                    "quarkus.log.file.json.enabled", "false",
                    "quarkus.log.console.enabled", "false",
                    "pulseplane.gate.max-unauthenticated-per-second", "0",
                    "pulseplane.gate.max-metadata-bytes", "4096",
                    "pulseplane.query.unary-deadline", "30s");
        }
    }

    private int linesBefore;
    private ManagedChannel neighbour;

    @BeforeEach
    void connect() throws IOException {
        neighbour = keep(NettyChannelBuilder.forAddress("127.0.0.1", server.getPort())
                .usePlaintext()
                .build());
        await().untilAsserted(() -> assertThat(patients(neighbour).code()).isEqualTo(Status.Code.OK));
        assertThat(CallResult.of(
                                as("clinical_admin", neighbour),
                                RegistryServiceGrpc.getPutPatientMethod(),
                                PutPatientRequest.newBuilder()
                                        .setPatient(Patient.newBuilder().setPatientId("ada"))
                                        .build())
                        .code())
                .isEqualTo(Status.Code.OK);
        assertThat(CallResult.of(
                                as("clinical_admin", neighbour),
                                RegistryServiceGrpc.getPutConsentMethod(),
                                PutConsentRequest.newBuilder()
                                        .setConsent(Consent.newBuilder()
                                                .setPatientId("ada")
                                                .setGranted(true))
                                        .build())
                        .code())
                .isEqualTo(Status.Code.OK);
        linesBefore = lines().size();
    }

    private static List<String> lines() throws IOException {
        return Files.exists(LOG) ? Files.readAllLines(LOG) : List.of();
    }

    private Map<String, String> staff(Map<String, String> more) {
        var headers = new HashMap<>(more);
        headers.put("authorization", "Bearer " + token("authorized_medical_staff"));
        return headers;
    }

    /** What one caller does on a connection of its own. */
    private interface Abuse {
        void on(RawHttp2Client client) throws IOException;
    }

    /** Repeats it on many connections, each until the plane has answered a ping or closed the connection. */
    private void flood(Abuse abuse) throws IOException {
        flood(abuse, client -> !client.received(PING).isEmpty());
    }

    /** Repeats it on many connections, each until every call has ended. */
    private void floodWithCalls(int calls, Abuse abuse) throws IOException {
        flood(abuse, client -> endedCalls(client) >= calls);
    }

    /** gRPC resets a call at its deadline, and sends headers when it answers or refuses one. */
    private static long endedCalls(RawHttp2Client client) {
        return Stream.concat(client.received(HEADERS).stream(), client.received(RST_STREAM).stream())
                .map(RawHttp2Client.Frame::stream)
                .distinct()
                .count();
    }

    private void flood(Abuse abuse, Predicate<RawHttp2Client> isDone) throws IOException {
        for (int i = 0; i < ROUNDS; i++) {
            try (var client = new RawHttp2Client(server.getPort())) {
                abuse.on(client);
                client.frame(PING, NO_FLAGS, 0, new byte[Long.BYTES]).flush();
                await().pollInterval(Duration.ofMillis(1)).until(() -> client.isClosed() || isDone.test(client));
            }
        }
        assertQuiet();
    }

    private void assertQuiet() throws IOException {
        assertThat(patients(neighbour).code()).isEqualTo(Status.Code.OK);
        assertThat(lines().subList(linesBefore, lines().size()))
                .as("what the log says")
                .hasSizeLessThanOrEqualTo(MAX_LINES)
                .noneMatch(line -> line.startsWith("\tat "));
    }

    private void floodWithTimeout(String timeout) throws IOException {
        floodWithCalls(CALLS, client -> {
            for (int call = 1; call < 2 * CALLS; call += 2) {
                client.call(call, STATISTICS, staff(Map.of("grpc-timeout", timeout)), statisticsOfAda());
            }
        });
    }

    private byte[] statisticsOfAda() {
        return GetStatisticsRequest.newBuilder()
                .setPatientId("ada")
                .addCodes("8867-4")
                .build()
                .toByteArray();
    }

    @Test
    void deadlines_below_a_millisecond() throws IOException {
        floodWithTimeout("1n");
        floodWithTimeout("500u");
        floodWithTimeout("900u");
    }

    @Test
    void deadlines_that_pass() throws IOException {
        floodWithTimeout("1m");
        floodWithTimeout("2m");
        floodWithCalls(
                2,
                client -> client.frame(
                                HEADERS, END_HEADERS, 1, client.headers(WATCH, staff(Map.of("grpc-timeout", "5m"))))
                        .frame(
                                HEADERS,
                                END_HEADERS,
                                3,
                                client.headers(STREAM_LATEST, staff(Map.of("grpc-timeout", "5m")))));
    }

    /** The audit trail says on which thread it was opened: a new one logs that it creates its key. */
    @Test
    void nothing_is_opened_on_an_event_loop() throws IOException {
        assertThat(lines())
                .filteredOn(line -> line.contains("Created a signing key"))
                .isNotEmpty()
                .allMatch(line -> line.contains("(main)"));
        assertThat(lines()).noneMatch(line -> line.contains("has been blocked"));
    }

    @Test
    void calls_that_are_reset() throws IOException {
        flood(client -> client.call(1, LATEST, staff(Map.of()), ADA).reset(1).frame(DATA, NO_FLAGS, 1, new byte[10]));
    }

    @Test
    void connections_that_go_away() throws IOException {
        flood(client ->
                client.call(1, LATEST, staff(Map.of()), ADA).frame(GOAWAY, NO_FLAGS, 0, new byte[2 * Integer.BYTES]));
    }

    @Test
    void unknown_rpcs_and_bad_tokens() throws IOException {
        flood(client -> client.call(1, "/pulseplane.v1.NoService/No", staff(Map.of()), ADA)
                .call(3, LATEST, Map.of("authorization", "Bearer nonsense"), ADA)
                .call(5, LATEST, Map.of(), ADA)
                .call(7, LATEST, Map.of("grpc-timeout", "nonsense"), ADA)
                .call(9, "no-slash", staff(Map.of()), ADA)
                .call(11, LATEST, staff(Map.of("grpc-encoding", "nonsense")), ADA));
    }

    @Test
    void messages_that_are_none() throws IOException {
        flood(client -> client.call(1, LATEST, staff(Map.of()), new byte[] {(byte) 0xFF, 1, 2, 3})
                .frame(HEADERS, END_HEADERS, 3, client.headers(LATEST, staff(Map.of())))
                .frame(DATA, END_STREAM, 3, new byte[] {9, 9, 9, 9, 9, 9}));
    }

    @Test
    void metadata_beyond_what_is_read() throws IOException {
        flood(client -> client.call(1, LATEST, Map.of("x-nonsense", "x".repeat(40_000)), ADA));
    }

    @Test
    void frames_that_are_none() throws IOException {
        flood(client -> client.frame(99, NO_FLAGS, 1, new byte[100])
                .frame(DATA, NO_FLAGS, 77, new byte[10])
                .frame(HEADERS, END_HEADERS, 2, new byte[] {(byte) 0xFF, (byte) 0xFF}));
    }

    @Test
    void bytes_that_are_no_http2() throws IOException {
        for (var opening : List.of("GET / HTTP/1.1\r\n\r\n", "\026\003\001\001\000\001", "\000\000\000")) {
            for (int i = 0; i < ROUNDS; i++) {
                new RawHttp2Client(server.getPort(), opening).close();
            }
        }
        assertQuiet();
    }
}
