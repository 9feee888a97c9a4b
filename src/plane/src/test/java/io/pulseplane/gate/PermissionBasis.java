package io.pulseplane.gate;

import static io.pulseplane.gate.GateRequests.HEART_RATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Status;
import io.pulseplane.ReadingFixtures;
import io.pulseplane.api.Tokens;
import io.pulseplane.gate.policy.Policies;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.policy.PolicySettings;
import io.pulseplane.gate.policy.WasmModules;
import io.pulseplane.gate.token.Identity;
import io.pulseplane.gate.token.IdentityProvider;
import io.pulseplane.gate.token.TokenSettings;
import io.pulseplane.node.LocalTokens;
import io.pulseplane.store.Device;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutReadingsRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What a permission rests on, and how it is taken away. */
enum PermissionBasis {
    TOKEN_EXPIRES("exp") {
        @Override
        void change(Setup setup) {
            setup.plane.clockOffsetUs.set(TimeUnit.HOURS.toMicros(2));
        }
    },
    KEY_REMOVED("key") {
        @Override
        void change(Setup setup) throws IOException {
            Files.delete(setup.directory.resolve("token.key"));
        }
    },
    JWKS_LOSES_KEY("jwk") {
        @Override
        GatedPlane.Options options(Path directory) throws Exception {
            IdentityProvider.publish(directory.resolve("keys.json"), IdentityProvider.jwks(IdentityProvider.EC));
            return super.options(directory).withKeys(new TokenSettings.Keys.JwksFile(directory.resolve("keys.json")));
        }

        @Override
        void change(Setup setup) throws Exception {
            IdentityProvider.publish(setup.directory.resolve("keys.json"), IdentityProvider.jwks(IdentityProvider.ED));
        }
    },
    CERTIFICATE_EXPIRES("crt") {
        @Override
        GatedPlane.Options options(Path directory) throws Exception {
            long expires = TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis()) + TimeUnit.HOURS.toMicros(1);
            return super.options(directory)
                    .withCertificate(new Identity(
                            "monitor", List.of("device"), "local", "monitor", "", expires, 0, "certificate", ""));
        }

        @Override
        void change(Setup setup) {
            setup.plane.clockOffsetUs.set(TimeUnit.HOURS.toMicros(2));
        }
    },
    CONSENT_WITHDRAWN("wdr") {
        @Override
        void change(Setup setup) {
            setup.plane.withdraw("ada");
        }
    },
    CONSENT_ENDS("end") {
        @Override
        void prepare(Setup setup) {
            setup.plane.consent("ada", true, OptionalLong.of(setup.plane.now() + TimeUnit.MINUTES.toMicros(10)));
        }

        @Override
        void change(Setup setup) {
            setup.plane.clockOffsetUs.set(TimeUnit.MINUTES.toMicros(11));
        }
    },
    CONSENT_NARROWED("nar") {
        @Override
        void change(Setup setup) {
            setup.plane.consent("ada", true, OptionalLong.empty(), "9279-1");
        }
    },
    DEVICE_RETIRED("dev") {
        @Override
        void change(Setup setup) {
            setup.plane.registerDevice("monitor", Device.Status.RETIRED);
        }
    },
    DEVICE_MEASURES_ANOTHER_PATIENT("mov") {
        @Override
        void change(Setup setup) {
            setup.send(PutReadingsRequest.newBuilder()
                    .setBatch(Batch.newBuilder()
                            .setDeviceId("monitor")
                            .setPatientId("bob")
                            .setSequence(1)
                            .addColumns(Columns.newBuilder()
                                    .setCode(HEART_RATE)
                                    .setUnit("/min")
                                    .setStartUs(1_763_000_000_000_000L)
                                    .addTimeDeltaUs(0)
                                    .addValues(60)))
                    .build());
        }
    },
    ASSIGNMENT_ENDS("asg"),
    POLICY_REPLACED("pol") {
        @Override
        GatedPlane.Options options(Path directory) throws Exception {
            var policies = Files.createDirectory(directory.resolve("policy"));
            Files.write(policies.resolve("policy.wasm"), WasmModules.healthdata());
            var defaults = PolicySettings.defaults();
            return super.options(directory)
                    .withPolicy(policy(defaults.engine(), Optional.of(policies), defaults.server()));
        }

        /** The new policy permits what callers of a list ask for, and nobody of this test is on the list. */
        @Override
        void change(Setup setup) throws IOException {
            var policies = setup.directory.resolve("policy");
            var aside = Files.write(policies.resolve("aside"), WasmModules.bundle("listed"));
            Files.delete(policies.resolve("policy.wasm"));
            Files.move(aside, policies.resolve("bundle.tar.gz"), StandardCopyOption.ATOMIC_MOVE);
        }
    },
    OPA_ANSWERS_OTHERWISE("opa") {
        @Override
        GatedPlane.Options options(Path directory) throws Exception {
            return super.options(directory).withPolicy(opa(directory));
        }

        @Override
        void change(Setup setup) throws IOException {
            Files.createFile(setup.directory.resolve("refuse"));
        }

        /** What is remembered, and the time for a sweep. */
        @Override
        Duration bound() {
            return PolicySettings.defaults().serverDecisionTtl().plus(super.bound());
        }
    },
    TENANT("ten"),
    LOCALITY("loc"),
    AUDIT_GONE("aud") {
        @Override
        void change(Setup setup) {
            setup.plane.audit.close();
        }
    },
    PATIENT_ERASED("era") {
        @Override
        void change(Setup setup) {
            ReadingFixtures.await(setup.plane.gate.registry().erasePatient("ada"));
        }
    },
    PATIENT_ERASED_AND_REGISTERED_ANEW("new") {
        @Override
        void change(Setup setup) throws Exception {
            PATIENT_ERASED.change(setup);
            setup.plane.register("ada");
        }

        @Override
        void afterwards(Setup setup) {
            // Tokens say when they were issued to the second, so one of the second of the erasure is void too.
            await().untilAsserted(() -> {
                var another = setup.plane.with(Tokens.ofPatient(setup.directory, "ada"));
                assertThat(GateRequests.latest(another, "ada").code()).isEqualTo(Status.Code.OK);
            });
        }
    };

    private final String column;

    PermissionBasis(String column) {
        this.column = column;
    }

    String column() {
        return column;
    }

    /** Whether it can be taken away while the plane and a call go on. */
    boolean canChange() {
        return this != ASSIGNMENT_ENDS && this != TENANT && this != LOCALITY;
    }

    /** Within which time a permission ends. */
    Duration bound() {
        return Duration.ofSeconds(1);
    }

    GatedPlane.Options options(Path directory) throws Exception {
        return GatedPlane.Options.DEFAULTS;
    }

    void prepare(Setup setup) {}

    /** Takes away what the permissions rest on. */
    void change(Setup setup) throws Exception {
        throw new AssertionError("nothing can take this away while a plane runs: " + column);
    }

    /** Checks what holds when all permissions are over. */
    void afterwards(Setup setup) throws Exception {}

    private static Policy policy(PolicySettings.Engine engine, Optional<Path> directory, URI server) {
        var defaults = PolicySettings.defaults();
        return Policies.open(new PolicySettings(
                engine,
                directory,
                defaults.checkInterval(),
                2,
                defaults.maxCachedDecisions(),
                server,
                Duration.ofSeconds(5),
                defaults.serverDecisionTtl(),
                defaults.serverMaxFailures(),
                defaults.serverRetryDelay()));
    }

    /** An OPA server that permits everything until there is a file {@code refuse}. It ends with the policy. */
    private static Policy opa(Path directory) throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.getRequestBody().readAllBytes();
                boolean permits = Files.notExists(directory.resolve("refuse"));
                var answer = permits
                        ? "{\"result\":{\"allow\":true,\"deny\":false,\"reasons\":[]}}"
                        : "{\"result\":{\"allow\":false,\"deny\":true,\"reasons\":[\"changed\"]}}";
                exchange.sendResponseHeaders(200, answer.length());
                exchange.getResponseBody().write(answer.getBytes(StandardCharsets.UTF_8));
            }
        });
        server.start();
        var address = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        return new PolicyOfServer(policy(PolicySettings.Engine.OPA, Optional.empty(), address), server);
    }

    /** A plane and its callers. */
    record Setup(PermissionBasis basis, Path directory, GatedPlane plane, AtomicInteger callers)
            implements AutoCloseable {

        static Setup of(PermissionBasis basis, Path directory) throws Exception {
            return new Setup(
                    basis, directory, new GatedPlane(directory, basis.options(directory)), new AtomicInteger());
        }

        /** A connection of another caller with this role: answers that nobody reads take the share of their caller. */
        Channel channel(String role, int windowBytes) {
            var connection = plane.connect(windowBytes);
            return basis == CERTIFICATE_EXPIRES
                    ? connection
                    : ClientInterceptors.intercept(connection, Tokens.bearer(token(role)));
        }

        private String token(String role) {
            if (basis == JWKS_LOSES_KEY) {
                return providerToken(role);
            }
            boolean isDevice = role.equals("device");
            boolean isPatient = basis == PATIENT_ERASED_AND_REGISTERED_ANEW && !isDevice;
            return Tokens.issue(
                    directory,
                    new LocalTokens.Claims(
                            "caller-" + callers.incrementAndGet(),
                            List.of(isPatient ? "patient" : role),
                            LocalTokens.DEFAULT_TENANT,
                            isPatient ? "ada" : "",
                            isDevice ? "monitor" : "",
                            Duration.ofHours(1)));
        }

        private String providerToken(String role) {
            var claims = IdentityProvider.claims();
            long now = Instant.now().getEpochSecond();
            claims.put("sub", "caller-" + callers.incrementAndGet());
            claims.put("roles", List.of(role));
            claims.put("iat", now);
            claims.put("nbf", now);
            claims.put("exp", now + 3_600);
            if (role.equals("device")) {
                claims.put("device_id", "monitor");
            }
            return IdentityProvider.sign(IdentityProvider.EC, claims);
        }

        /** Sends readings of the monitor. */
        void send(PutReadingsRequest request) {
            var sent = CallResult.of(channel("device", 1 << 20), IngestServiceGrpc.getPutReadingsMethod(), request);
            assertThat(sent.code()).as(sent.message()).isEqualTo(Status.Code.OK);
        }

        @Override
        public void close() {
            plane.close();
        }
    }
}
