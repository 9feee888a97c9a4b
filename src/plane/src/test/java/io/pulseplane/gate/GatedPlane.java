package io.pulseplane.gate;

import static io.pulseplane.ReadingFixtures.await;

import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse;
import io.grpc.Attributes;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerTransportFilter;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.netty.util.internal.ThreadExecutorMap;
import io.pulseplane.api.AccessRules;
import io.pulseplane.api.AuditEndpoint;
import io.pulseplane.api.AuditTrailSource;
import io.pulseplane.api.Deadlines;
import io.pulseplane.api.EndpointLimits;
import io.pulseplane.api.IngestEndpoint;
import io.pulseplane.api.QueryEndpoint;
import io.pulseplane.api.RegistryEndpoint;
import io.pulseplane.api.StatusMapper;
import io.pulseplane.api.Tokens;
import io.pulseplane.assignment.Assignments;
import io.pulseplane.assignment.PatientPolicy;
import io.pulseplane.coherence.LatestSource;
import io.pulseplane.coherence.WindowSource;
import io.pulseplane.gate.audit.AuditEntry;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.reading.AuditFilter;
import io.pulseplane.gate.audit.reading.AuditReader;
import io.pulseplane.gate.audit.writing.AuditEvents;
import io.pulseplane.gate.audit.writing.AuditSettings;
import io.pulseplane.gate.audit.writing.AuditTrail;
import io.pulseplane.gate.policy.Policies;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.policy.PolicySettings;
import io.pulseplane.gate.token.Authenticator;
import io.pulseplane.gate.token.Identity;
import io.pulseplane.gate.token.TokenSettings;
import io.pulseplane.gate.token.UnusableKeyException;
import io.pulseplane.ingest.AssignmentCheck;
import io.pulseplane.ingest.Ingest;
import io.pulseplane.ingest.IngestEvents;
import io.pulseplane.ingest.RegistrationCheck;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.live.LatestCache;
import io.pulseplane.live.Watchers;
import io.pulseplane.query.AggregateQuery;
import io.pulseplane.query.AnswerBudget;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.RangeQuery;
import io.pulseplane.store.Consent;
import io.pulseplane.store.Device;
import io.pulseplane.store.Patient;
import io.pulseplane.store.Site;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetLatestResponse;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.BatchScreener;
import io.pulseplane.vitals.BatchScreener.UnknownCodePolicy;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.Order;
import io.quarkus.grpc.reflection.service.ReflectionServiceV1;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;

/** A plane behind its gate, with a channel to it. It is assembled here, so that tests can choose every setting. */
final class GatedPlane implements AutoCloseable {

    /**
     * The settings that tests choose.
     *
     * @param keys the keys of tokens; empty for the plane's own key
     * @param certificate the identity of the client's certificate on every connection
     * @param patients for which patients devices may write
     */
    record Options(
            List<Network> local,
            AuditSettings.Mode audit,
            Optional<Policy> policy,
            long maxRequestsPerSecond,
            long maxAnonymousRequestsPerSecond,
            int maxConnections,
            Optional<TokenSettings.Keys> keys,
            Identity certificate,
            PatientPolicy patients) {

        static final Options DEFAULTS = new Options(
                List.of(Network.parse("127.0.0.0/8"), Network.parse("::1")),
                AuditSettings.Mode.SYNC,
                Optional.empty(),
                0,
                0,
                1_000,
                Optional.empty(),
                Identity.anonymous(),
                PatientPolicy.ANY);

        Options withLocal(String... networks) {
            return new Options(
                    List.of(networks).stream().map(Network::parse).toList(),
                    audit,
                    policy,
                    maxRequestsPerSecond,
                    maxAnonymousRequestsPerSecond,
                    maxConnections,
                    keys,
                    certificate,
                    patients);
        }

        Options withAudit(AuditSettings.Mode mode) {
            return new Options(
                    local,
                    mode,
                    policy,
                    maxRequestsPerSecond,
                    maxAnonymousRequestsPerSecond,
                    maxConnections,
                    keys,
                    certificate,
                    patients);
        }

        Options withPolicy(Policy policy) {
            return new Options(
                    local,
                    audit,
                    Optional.of(policy),
                    maxRequestsPerSecond,
                    maxAnonymousRequestsPerSecond,
                    maxConnections,
                    keys,
                    certificate,
                    patients);
        }

        Options withRates(long requests, long anonymousRequests) {
            return new Options(
                    local, audit, policy, requests, anonymousRequests, maxConnections, keys, certificate, patients);
        }

        Options withMaxConnections(int max) {
            return new Options(
                    local,
                    audit,
                    policy,
                    maxRequestsPerSecond,
                    maxAnonymousRequestsPerSecond,
                    max,
                    keys,
                    certificate,
                    patients);
        }

        Options withKeys(TokenSettings.Keys keys) {
            return new Options(
                    local,
                    audit,
                    policy,
                    maxRequestsPerSecond,
                    maxAnonymousRequestsPerSecond,
                    maxConnections,
                    Optional.of(keys),
                    certificate,
                    patients);
        }

        Options withPatients(PatientPolicy patients) {
            return new Options(
                    local,
                    audit,
                    policy,
                    maxRequestsPerSecond,
                    maxAnonymousRequestsPerSecond,
                    maxConnections,
                    keys,
                    certificate,
                    patients);
        }

        Options withCertificate(Identity certificate) {
            return new Options(
                    local,
                    audit,
                    policy,
                    maxRequestsPerSecond,
                    maxAnonymousRequestsPerSecond,
                    maxConnections,
                    keys,
                    certificate,
                    patients);
        }
    }

    /** An rpc without a rule. */
    static final MethodDescriptor<GetLatestRequest, GetLatestResponse> RPC_WITHOUT_RULE =
            QueryServiceGrpc.getGetLatestMethod().toBuilder()
                    .setFullMethodName("pulseplane.v1.StrayService/Leak")
                    .build();

    private static final ServerServiceDefinition SERVICE_WITHOUT_RULE = ServerServiceDefinition.builder(
                    "pulseplane.v1.StrayService")
            .addMethod(RPC_WITHOUT_RULE, ServerCalls.asyncUnaryCall((_, responses) -> {
                responses.onNext(GetLatestResponse.getDefaultInstance());
                responses.onCompleted();
            }))
            .build();

    private static final IngestEvents NO_EVENTS = new IngestEvents() {
        @Override
        public void batchStored(Acknowledgement acknowledgement, long nanos) {}

        @Override
        public void batchRepeated(int readings) {}

        @Override
        public void groupCommitted(int batches, long nanos) {}

        @Override
        public void batchRefused() {}
    };

    /** Of which one subject has 16 MiB. */
    final AnswerBudget budget = new AnswerBudget(64 << 20);

    final MemoryStore store;
    final RecordingGateEvents events = new RecordingGateEvents();
    final Gate gate;
    final ChangePublisher changes;
    final AuditTrail audit;

    /** Is added to the real time. */
    final AtomicLong clockOffsetUs = new AtomicLong();

    private final Path directory;
    private final Assignments assignments;
    private final LatestCache latest;
    private final Watchers watchers;
    private final Policy policy;
    private final Authenticator authenticator;
    private final Server server;
    private final ManagedChannel channel;
    private final Map<String, Channel> channelsByCaller = new ConcurrentHashMap<>();
    private final List<ManagedChannel> openChannels = new ArrayList<>();

    GatedPlane(Path directory, Options options) throws IOException {
        this(directory, options, null, Site.SINGLE_PLANE);
    }

    /** @param shared a store that several planes use; null for a store of its own */
    GatedPlane(Path directory, Options options, MemoryStore shared, Site site) throws IOException {
        this.directory = directory;
        store = shared == null ? new MemoryStore(this::now) : shared;
        audit = AuditTrail.open(
                AuditSettings.of(options.audit(), directory.resolve("audit"), "test"), this::now, new AuditEvents() {});
        assignments = new Assignments(options.patients(), store.registry(), site);
        latest = new LatestCache(1 << 20, assignments);
        watchers = new Watchers(100_000, assignments);
        changes = new ChangePublisher(latest, watchers, site, assignments);
        policy = options.policy().orElseGet(() -> Policies.open(PolicySettings.defaults()));
        authenticator = authenticator(options.keys().orElseGet(() -> new TokenSettings.Keys.Local(directory)));
        gate = new Gate(
                new Gate.Parts(
                        authenticator,
                        policy,
                        audit,
                        store,
                        new AccessRules(),
                        StatusMapper::toException,
                        ThreadExecutorMap::currentExecutor,
                        events,
                        this::now),
                site,
                changes,
                new GateSettings(
                        "test",
                        options.maxRequestsPerSecond(),
                        options.maxAnonymousRequestsPerSecond(),
                        1_000,
                        16 << 10,
                        Duration.ZERO,
                        options.patients() == PatientPolicy.CLAIMED,
                        Duration.ofMinutes(1)));
        server = serve(options, site);
        channel = connect();
    }

    private Authenticator authenticator(TokenSettings.Keys keys) {
        try {
            return Authenticator.open(
                    TokenSettings.of(keys),
                    () -> {
                        throw new AssertionError("a key in a file is not fetched");
                    },
                    this::now);
        } catch (UnusableKeyException e) {
            throw new AssertionError(e);
        }
    }

    private Server serve(Options options, Site site) throws IOException {
        var limits = new EndpointLimits(
                100_000, 8 << 20, new Deadlines(Duration.ofSeconds(30), Duration.ofSeconds(30)), Duration.ofSeconds(5));
        var ingest = new Ingest(
                new BatchScreener(Catalogue.standard(), UnknownCodePolicy.REFUSE, Duration.ofSeconds(5)),
                new RegistrationCheck(RegistrationCheck.UnregisteredPolicy.ACCEPT, store),
                new AssignmentCheck(assignments),
                store,
                changes,
                256 << 20,
                NO_EVENTS,
                this::now,
                () -> false);
        var connections =
                new ConnectionFilter(options.local(), options.maxConnections(), _ -> Identity.anonymous(), events);
        return NettyServerBuilder.forPort(0)
                .directExecutor()
                .intercept(gate)
                .addTransportFilter(connections)
                .addTransportFilter(new ShownCertificate(options.certificate()))
                .maxInboundMessageSize(64 << 20)
                .addService(new IngestEndpoint(ingest, limits))
                .addService(new QueryEndpoint(
                        new LatestQuery(latest, store, LatestSource.of(store, site), site, assignments),
                        new RangeQuery(store, assignments),
                        new AggregateQuery(store, WindowSource.of(store.readings()), Catalogue.standard(), assignments),
                        watchers,
                        budget,
                        limits,
                        Catalogue.standard()))
                .addService(new RegistryEndpoint(gate.registry(), limits, this::now))
                .addService(new AuditEndpoint(AuditTrailSource.inClear(directory.resolve("audit")), budget))
                .addService(SERVICE_WITHOUT_RULE)
                .addService(new ServingHealth())
                .addService(new ReflectionServiceV1(List.of()))
                .build()
                .start();
    }

    /** Takes the place of TLS: gives every connection this identity. */
    private static final class ShownCertificate extends ServerTransportFilter {

        private final Identity identity;

        ShownCertificate(Identity identity) {
            this.identity = identity;
        }

        @Override
        public Attributes transportReady(Attributes attributes) {
            var connection = attributes.get(ClientConnection.KEY);
            return attributes.toBuilder()
                    .set(
                            ClientConnection.KEY,
                            ClientConnection.of(
                                    connection.address(),
                                    connection.auditText(),
                                    connection.isLocal(),
                                    identity,
                                    Optional.empty()))
                    .build();
        }
    }

    /** Takes the place of Quarkus's health service. */
    private static final class ServingHealth extends HealthGrpc.HealthImplBase {
        @Override
        public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> responses) {
            responses.onNext(HealthCheckResponse.getDefaultInstance());
            responses.onCompleted();
        }
    }

    long now() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now()) + clockOffsetUs.get();
    }

    int port() {
        return server.getPort();
    }

    /** Opens another connection. */
    ManagedChannel connect() {
        return connect(NettyChannelBuilder.DEFAULT_FLOW_CONTROL_WINDOW);
    }

    /** Opens another connection that takes so many bytes which its client has not read. */
    ManagedChannel connect(int windowBytes) {
        var connection = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort())
                .usePlaintext()
                .initialFlowControlWindow(windowBytes)
                .build();
        openChannels.add(connection);
        return connection;
    }

    /** A channel without a token. */
    Channel anonymous() {
        return channel;
    }

    Channel as(String role) {
        return channelsByCaller.computeIfAbsent("role " + role, _ -> with(Tokens.of(directory, "somebody", role)));
    }

    Channel asDevice(String device) {
        return channelsByCaller.computeIfAbsent("device " + device, _ -> with(Tokens.ofDevice(directory, device)));
    }

    Channel asPatient(String patient) {
        return channelsByCaller.computeIfAbsent("patient " + patient, _ -> with(Tokens.ofPatient(directory, patient)));
    }

    Channel with(String token) {
        return ClientInterceptors.intercept(channel, Tokens.bearer(token));
    }

    /** A channel with this authorization header. */
    Channel withHeader(String value) {
        return ClientInterceptors.intercept(channel, Tokens.header(value));
    }

    Path directory() {
        return directory;
    }

    void register(String patient) {
        await(store.putPatient(Patient.provisional(patient, now())));
    }

    void registerDevice(String device, Device.Status status) {
        var provisional = Device.provisional(device, now());
        await(gate.registry()
                .putDevice(new Device(
                        device,
                        Optional.empty(),
                        provisional.type(),
                        provisional.manufacturer(),
                        provisional.model(),
                        provisional.firmwareVersion(),
                        status,
                        0,
                        0,
                        false,
                        0,
                        0)));
    }

    /** Records a consent through the registry of the gate. */
    void consent(String patient, boolean granted, OptionalLong until, String... codes) {
        await(gate.registry().putConsent(new Consent(0, patient, granted, 0, until, List.of(codes), "clerk", 0)));
    }

    void grant(String patient) {
        consent(patient, true, OptionalLong.empty());
    }

    void withdraw(String patient) {
        consent(patient, false, OptionalLong.empty());
    }

    /** The newest record of the audit trail. Its number is the number of records. */
    Optional<AuditEntry> lastEntry() {
        try (var reader = AuditReader.open(directory.resolve("audit"), AuditFilter.all(Order.NEWEST_FIRST))) {
            return reader.next();
        }
    }

    /** All records of the audit trail. */
    List<AuditRecord> auditRecords() {
        try (var reader = AuditReader.open(directory.resolve("audit"), AuditFilter.all(Order.OLDEST_FIRST))) {
            var records = new ArrayList<AuditRecord>();
            for (var entry = reader.next(); entry.isPresent(); entry = reader.next()) {
                records.add(entry.get().record());
            }
            return records;
        }
    }

    @Override
    public void close() {
        openChannels.forEach(ManagedChannel::shutdownNow);
        server.shutdownNow();
        Awaitility.await().until(server::isTerminated);
        gate.close();
        authenticator.close();
        policy.close();
        audit.close();
    }
}
