package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import io.pulseplane.TestCertificate;
import io.pulseplane.api.Tokens;
import io.pulseplane.coherence.RedisProcess;
import io.pulseplane.gate.policy.WasmModules;
import io.pulseplane.gate.token.IdentityProvider;
import io.pulseplane.gate.token.JwksServer;
import io.pulseplane.store.postgres.PostgresServer;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jose4j.jwk.PublicJsonWebKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checks that the packaged program has everything that it looks up by name at run time: signature algorithms, a policy
 * in place of the built-in one, clients of servers, descriptions of services, metrics. A native executable has only the
 * classes and resources that its build was configured to keep.
 */
class ReachabilityIT {

    private static final String PATIENT = "sim-patient-0001";
    private static final String STAFF = "authorized_medical_staff";
    private static final String NURSE = "authorized_medical_nurse";
    private static final String SITE_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    @TempDir
    Path directory;

    @Test
    void accepts_tokens_of_every_algorithm() throws Exception {
        var jwks = directory.resolve("jwks.json");
        IdentityProvider.publish(
                jwks, IdentityProvider.jwks(IdentityProvider.RSA, IdentityProvider.EC, IdentityProvider.ED));
        try (var plane = Program.Plane.serve(directory.resolve("data"), "pulseplane.token.jwks=" + jwks)) {
            for (var key : List.of(IdentityProvider.RSA, IdentityProvider.EC, IdentityProvider.ED)) {
                assertThat(query(plane, signed(key))).as(key.getAlgorithm()).isEqualTo(Status.Code.PERMISSION_DENIED);
            }
            assertThat(query(plane, signed(IdentityProvider.key("ES256", "ec-1"))))
                    .isEqualTo(Status.Code.UNAUTHENTICATED);
        }
    }

    @Test
    void fetches_keys_over_https() throws Exception {
        var server = TestCertificate.selfSigned("CN=localhost", "san=dns:localhost");
        server.save(directory.resolve("server"));
        try (var provider = new JwksServer(server.sslContext())) {
            provider.publish(IdentityProvider.jwks(IdentityProvider.ED));
            try (var plane = Program.Plane.serve(
                    directory.resolve("data"),
                    "pulseplane.token.jwks=" + provider.url(),
                    "javax.net.ssl.trustStore=" + directory.resolve("server").resolve("store.p12"),
                    "javax.net.ssl.trustStorePassword=password")) {
                assertThat(query(plane, signed(IdentityProvider.ED))).isEqualTo(Status.Code.PERMISSION_DENIED);
            }
        }
    }

    @Test
    void decides_by_the_policy_in_the_directory_and_by_the_one_that_replaces_it() throws Exception {
        var policies = Files.createDirectory(directory.resolve("policies"));
        put(policies, WasmModules.withStaffCalled(NURSE));
        try (var plane = Program.Plane.serve(
                directory.resolve("data"),
                "pulseplane.policy.directory=" + policies,
                "pulseplane.policy.check-interval=1s")) {
            storeReadings(plane);
            assertThat(queryAs(plane, STAFF)).isEqualTo(Status.Code.PERMISSION_DENIED);
            put(policies, WasmModules.healthdata());
            Awaitility.await()
                    .atMost(30, TimeUnit.SECONDS)
                    .untilAsserted(() -> assertThat(queryAs(plane, STAFF)).isEqualTo(Status.Code.OK));
        }
    }

    private static void put(Path policies, byte[] module) throws IOException {
        var file = Files.write(policies.resolve("policy.wasm.new"), module);
        Files.move(file, policies.resolve("policy.wasm"), StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void asks_an_opa_server_for_decisions() throws Exception {
        var opa = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        opa.createContext("/", exchange -> {
            try (exchange) {
                exchange.getRequestBody().readAllBytes();
                var decision = "{\"result\":{\"allow\":true,\"deny\":false,\"reasons\":[]}}"
                        .getBytes(StandardCharsets.US_ASCII);
                exchange.sendResponseHeaders(200, decision.length);
                exchange.getResponseBody().write(decision);
            }
        });
        opa.start();
        try (var plane = Program.Plane.serve(
                directory.resolve("data"),
                "pulseplane.policy.engine=opa",
                "pulseplane.policy.opa.timeout=30s",
                "pulseplane.policy.opa.url=http://localhost:" + opa.getAddress().getPort())) {
            storeReadings(plane);
            assertThat(queryAs(plane, STAFF)).isEqualTo(Status.Code.OK);
        } finally {
            opa.stop(0);
        }
    }

    @Test
    void serves_metrics_and_health() throws Exception {
        try (var plane = Program.Plane.serve(directory.resolve("data"))) {
            assertThat(queryAs(plane, STAFF)).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(get(plane, "/q/health/live").statusCode()).isEqualTo(200);
            assertThat(get(plane, "/q/health/ready").body()).contains("\"store\"", "UP");
            assertThat(get(plane, "/q/metrics").body().lines())
                    .contains("pulseplane_calls_seconds_count{rpc=\"pulseplane.v1.QueryService/GetLatest\","
                            + "status=\"PERMISSION_DENIED\"} 1.0")
                    .anyMatch(line -> line.startsWith("pulseplane_store_size_bytes "))
                    .anyMatch(line -> line.startsWith("jvm_memory_used_bytes{"));
        }
    }

    private static HttpResponse<String> get(Program.Plane plane, String path) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            var address = URI.create("http://localhost:" + plane.httpPort() + path);
            return client.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void describes_its_services_by_reflection() throws Exception {
        try (var plane = Program.Plane.serve(directory.resolve("data"))) {
            var channel = plane.channel();
            var staff = plane.as(channel, STAFF);
            var services = reflect(staff, ServerReflectionRequest.newBuilder().setListServices(""));
            assertThat(services.getListServicesResponse().getServiceList())
                    .extracting(ServiceResponse::getName)
                    .contains("pulseplane.v1.QueryService", "pulseplane.v1.IngestService", "grpc.health.v1.Health");
            var file = reflect(
                    staff, ServerReflectionRequest.newBuilder().setFileContainingSymbol("pulseplane.v1.QueryService"));
            assertThat(file.getFileDescriptorResponse().getFileDescriptorProtoList())
                    .isNotEmpty();
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
    }

    private static ServerReflectionResponse reflect(Channel channel, ServerReflectionRequest.Builder request)
            throws Exception {
        var firstResponse = new CompletableFuture<ServerReflectionResponse>();
        var requests = ServerReflectionGrpc.newStub(channel).serverReflectionInfo(new StreamObserver<>() {
            @Override
            public void onNext(ServerReflectionResponse response) {
                firstResponse.complete(response);
            }

            @Override
            public void onError(Throwable failure) {
                firstResponse.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {
                // The response comes before.
            }
        });
        requests.onNext(request.build());
        var response = firstResponse.get(30, TimeUnit.SECONDS);
        requests.onCompleted();
        return response;
    }

    @Test
    void creates_the_tables_of_a_site_and_stores_readings_in_them() throws Exception {
        var database = PostgresServer.shared().createEmptyDatabase();
        try (var redis = new RedisProcess()) {
            var site = List.of(
                    "pulseplane.store=postgres",
                    "pulseplane.postgres.hosts=localhost:"
                            + PostgresServer.shared().port(),
                    "pulseplane.postgres.database=" + database,
                    "pulseplane.postgres.user=" + PostgresServer.USER,
                    "pulseplane.postgres.password=" + PostgresServer.PASSWORD,
                    "pulseplane.redis.hosts=" + redis.url(),
                    "pulseplane.site.key=" + SITE_KEY);
            var migrated = Program.run(site, "migrate");
            assertThat(migrated.status()).as(migrated.err()).isZero();
            assertThat(migrated.out()).contains("steps taken: 5");
            assertThat(Program.run(site, "migrate").out()).contains("steps taken: 0");
            var withoutCitus = Program.run(site, "migrate", "--citus");
            assertThat(withoutCitus.status()).isEqualTo(1);
            assertThat(withoutCitus.err()).contains("not migrated").doesNotContain("\tat ");
            try (var plane = Program.Plane.serve(directory.resolve("data"), site.toArray(String[]::new))) {
                storeReadings(plane);
                assertThat(queryAs(plane, STAFF)).isEqualTo(Status.Code.OK);
            }
        }
    }

    /** Stores readings of the patient, and grants consent to query them. */
    private static void storeReadings(Program.Plane plane) throws Exception {
        run(plane, "simulate", "--devices", "1", "--readings", "100", "--rate", "max");
        run(plane, "consent", "grant", "--patient", PATIENT);
    }

    private static void run(Program.Plane plane, String... arguments) throws Exception {
        var options = Stream.of(
                "--target", plane.target(), "--data-dir", plane.directory().toString());
        var run = Program.run(Stream.concat(Stream.of(arguments), options).toArray(String[]::new));
        assertThat(run.status()).as(run.out() + run.err()).isZero();
    }

    /** A token that is valid for five minutes from now. */
    private static String signed(PublicJsonWebKey key) {
        var claims = IdentityProvider.claims();
        long now = Instant.now().getEpochSecond();
        claims.put("iat", now);
        claims.put("nbf", now);
        claims.put("exp", now + 300);
        return IdentityProvider.sign(key, claims);
    }

    private static Status.Code queryAs(Program.Plane plane, String role) throws Exception {
        return query(plane, Tokens.of(plane.directory(), "tester", role));
    }

    private static Status.Code query(Program.Plane plane, String token) throws Exception {
        var channel = plane.channel();
        try {
            QueryServiceGrpc.newBlockingStub(ClientInterceptors.intercept(channel, Tokens.bearer(token)))
                    .getLatest(
                            GetLatestRequest.newBuilder().setPatientId(PATIENT).build());
            return Status.Code.OK;
        } catch (StatusRuntimeException refusal) {
            return refusal.getStatus().getCode();
        } finally {
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
    }
}
