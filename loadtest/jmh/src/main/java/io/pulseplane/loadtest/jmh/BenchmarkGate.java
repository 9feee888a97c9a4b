package io.pulseplane.loadtest.jmh;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.InternalMetadata;
import io.grpc.Metadata;
import io.pulseplane.api.AccessRules;
import io.pulseplane.api.StatusMapper;
import io.pulseplane.gate.ConnectionFilter;
import io.pulseplane.gate.Gate;
import io.pulseplane.gate.GateEvents;
import io.pulseplane.gate.GateSettings;
import io.pulseplane.gate.Network;
import io.pulseplane.gate.audit.writing.AuditEvents;
import io.pulseplane.gate.audit.writing.AuditSettings;
import io.pulseplane.gate.audit.writing.AuditTrail;
import io.pulseplane.gate.policy.Policies;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.policy.PolicyDecision;
import io.pulseplane.gate.policy.PolicyInput;
import io.pulseplane.gate.policy.PolicySettings;
import io.pulseplane.gate.token.Authenticator;
import io.pulseplane.gate.token.BearerToken;
import io.pulseplane.gate.token.Identity;
import io.pulseplane.gate.token.TokenSettings;
import io.pulseplane.gate.token.UnusableKeyException;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.live.LatestCache;
import io.pulseplane.live.Watchers;
import io.pulseplane.node.LocalTokens;
import io.pulseplane.store.Consent;
import io.pulseplane.store.Patient;
import io.pulseplane.store.Site;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.v1.GetLatestRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * A plane's gate with tokens, policy, audit trail and an edge store on a real disk, but without network and endpoints.
 */
final class BenchmarkGate implements AutoCloseable {

    /** The gate checks this bound, and no benchmark reaches it. */
    private static final long MAX_REQUESTS_PER_SECOND = 100_000_000;

    private static final int MAX_CALLS_PER_CONNECTION = 1_000;
    private static final long MAX_METADATA_BYTES = 16 * 1024;

    /** Queues the tasks of calls until the thread that makes the calls runs them. */
    static final class CallExecutor implements Executor {

        private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        /** Waits for a task and runs it. */
        void runNext() throws InterruptedException {
            tasks.take().run();
        }
    }

    private static final Duration TOKEN_LIFE = Duration.ofDays(1);

    private final Path directory;
    private final EdgeStore store;
    private final AuditTrail audit;
    private final Policy policy;
    private final Authenticator authenticator;

    private final ThreadLocal<CallExecutor> executors = ThreadLocal.withInitial(CallExecutor::new);
    private final LongAdder decisions = new LongAdder();
    private final AtomicLong records = new AtomicLong();
    private final AtomicLong groups = new AtomicLong();

    final Gate gate;
    final Attributes connection;

    BenchmarkGate(AuditSettings.Mode mode) throws IOException, UnusableKeyException {
        directory = Files.createTempDirectory("gate-benchmark");
        store = EdgeStore.open(directory, 1, BenchmarkGate::now);
        audit = AuditTrail.open(
                AuditSettings.of(mode, directory.resolve("audit"), "benchmark"), BenchmarkGate::now, new AuditEvents() {
                    @Override
                    public void committed(int count, long nanos) {
                        records.addAndGet(count);
                        groups.incrementAndGet();
                    }
                });
        var builtIn = Policies.open(PolicySettings.defaults());
        policy = mode == AuditSettings.Mode.OFF ? new AssumeAuditedPolicy(builtIn) : builtIn;
        authenticator = Authenticator.open(
                TokenSettings.of(new TokenSettings.Keys.Local(directory)), () -> null, BenchmarkGate::now);
        var events = new GateEvents() {
            @Override
            public void decided(String action, Outcome outcome) {
                decisions.increment();
            }

            @Override
            public void connectionRefused() {}

            @Override
            public void handshakeFailed() {}

            @Override
            public void callEnded() {}
        };
        gate = new Gate(
                new Gate.Parts(
                        authenticator,
                        policy,
                        audit,
                        store,
                        new AccessRules(),
                        StatusMapper::toException,
                        executors::get,
                        events,
                        BenchmarkGate::now),
                Site.SINGLE_PLANE,
                new ChangePublisher(new LatestCache(0), new Watchers(0), Site.SINGLE_PLANE),
                new GateSettings(
                        "benchmark",
                        MAX_REQUESTS_PER_SECOND,
                        MAX_REQUESTS_PER_SECOND,
                        MAX_CALLS_PER_CONNECTION,
                        MAX_METADATA_BYTES,
                        Duration.ZERO,
                        Duration.ofMinutes(1)));
        connection = new ConnectionFilter(List.of(Network.parse("127.0.0.0/8")), 1, _ -> Identity.anonymous(), events)
                .transportReady(Attributes.newBuilder()
                        .set(Grpc.TRANSPORT_ATTR_REMOTE_ADDR, new InetSocketAddress("127.0.0.1", 50_000))
                        .build());
    }

    /** The built-in policy refuses all calls without an audit trail. This one decides as if there were a trail. */
    private record AssumeAuditedPolicy(Policy policy) implements Policy {

        private static PolicyInput asAudited(PolicyInput input) {
            return new PolicyInput(
                    input.action(),
                    input.rpc(),
                    input.user(),
                    input.patientId(),
                    input.patientConsent(),
                    input.deviceId(),
                    input.deviceStatus(),
                    input.dataStaysLocal(),
                    input.destination(),
                    true,
                    input.node());
        }

        @Override
        public CompletionStage<PolicyDecision> decide(PolicyInput input) {
            return policy.decide(asAudited(input));
        }

        @Override
        public PolicyDecision cached(PolicyInput input) {
            return policy.cached(asAudited(input));
        }

        @Override
        public String digest() {
            return policy.digest();
        }

        @Override
        public void close() {
            policy.close();
        }
    }

    /** Microseconds since the epoch, computed as the plane's clock does. */
    static long now() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }

    /** Registers a patient who consents, and returns a query for the patient's latest readings. */
    GetLatestRequest registerPatient(int number) throws IOException {
        var id = "MRN-" + (100_000 + number);
        store.registry().putPatient(Patient.provisional(id, now())).await().indefinitely();
        gate.registry()
                .putConsent(new Consent(0, id, true, 0, OptionalLong.empty(), List.of(), "clerk", 0))
                .await()
                .indefinitely();
        var request = GetLatestRequest.newBuilder()
                .setPatientId(id)
                .addCodes("8867-4")
                .addCodes("59408-5")
                .build();
        return GetLatestRequest.parseFrom(request.toByteArray());
    }

    /** The metadata of a nurse's call as the transport reads them from the wire. The token is in the gate's cache. */
    Metadata headers(int nurse) throws IOException {
        var token = LocalTokens.issue(
                directory,
                new LocalTokens.Claims(
                        "nurse-" + nurse,
                        List.of("authorized_medical_staff"),
                        LocalTokens.DEFAULT_TENANT,
                        "",
                        "",
                        TOKEN_LIFE));
        var authorization = bytes("Bearer " + token);
        authenticator
                .verify(new BearerToken(authorization))
                .toCompletableFuture()
                .join();
        return InternalMetadata.newMetadata(
                bytes("user-agent"),
                bytes("grpc-java-netty/1.76.0"),
                bytes("te"),
                bytes("trailers"),
                bytes("content-type"),
                bytes("application/grpc"),
                bytes("authorization"),
                authorization,
                bytes("grpc-accept-encoding"),
                bytes("gzip"));
    }

    private static byte[] bytes(String ascii) {
        return ascii.getBytes(StandardCharsets.US_ASCII);
    }

    /** The executor of the calling thread. */
    CallExecutor callExecutor() {
        return executors.get();
    }

    /** Whether the records of all decisions, permitted and refused, are on disk. */
    boolean isAllAudited() {
        return !audit.isEnabled() || records.get() >= decisions.sum();
    }

    /** How many groups became durable since the last call of this method. */
    long takeGroupCount() {
        return groups.getAndSet(0);
    }

    @Override
    public void close() {
        gate.close();
        authenticator.close();
        policy.close();
        audit.close();
        store.close();
        delete(directory);
    }

    static void delete(Path directory) {
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
