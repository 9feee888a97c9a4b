package io.pulseplane.node;

import io.pulseplane.api.AccessRules;
import io.pulseplane.api.AuditTrailSource;
import io.pulseplane.api.StatusMapper;
import io.pulseplane.assignment.PatientPolicy;
import io.pulseplane.clock.PlaneClock;
import io.pulseplane.gate.ConnectionFilter;
import io.pulseplane.gate.Gate;
import io.pulseplane.gate.GateSettings;
import io.pulseplane.gate.Network;
import io.pulseplane.gate.audit.writing.AuditTrail;
import io.pulseplane.gate.policy.Policies;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.policy.PolicySettings;
import io.pulseplane.gate.token.Authenticator;
import io.pulseplane.gate.token.ClientCertificates;
import io.pulseplane.gate.token.TokenSettings;
import io.pulseplane.gate.token.UnusableKeyException;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.node.audit.HashedTrailSource;
import io.pulseplane.node.config.GateConfig;
import io.pulseplane.node.config.PlaneConfig;
import io.pulseplane.node.config.StartupException;
import io.pulseplane.node.metrics.GateMetrics;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.privacy.JournalingRegistry;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import io.vertx.core.Vertx;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLContext;

/** Creates the gate and its parts from the configuration. */
final class GateWiring {

    /**
     * How long one audit record may stand for equal requests of a stream. An OPA server may change its policy without
     * notice, so its decisions stand for no longer than they may be cached.
     */
    private static Duration maxAuditRepeat(GateConfig config) {
        return config.policy().engine() == PolicySettings.Engine.OPA
                ? config.policy().opaServer().decisionTtl()
                : config.audit().repeatInterval();
    }

    @Produces
    @Singleton
    Gate gate(
            GateConfig config,
            PlaneConfig plane,
            Authenticator authenticator,
            Policy policy,
            AuditTrail audit,
            Store store,
            Site site,
            ChangePublisher changes,
            GateMetrics metrics,
            LongSupplier clock) {
        var parts = new Gate.Parts(
                authenticator,
                policy,
                audit,
                store,
                new AccessRules(),
                StatusMapper::toException,
                GateWiring::callExecutor,
                metrics,
                clock);
        var limits = config.gate();
        return new Gate(
                parts,
                site,
                changes,
                new GateSettings(
                        config.nodeId(),
                        limits.maxRequestsPerSecond(),
                        limits.maxUnauthenticatedPerSecond(),
                        limits.maxCallsPerConnection(),
                        limits.maxMetadataBytes().asLongValue(),
                        config.token().clockSkew(),
                        plane.ingest().patients() == PatientPolicy.CLAIMED,
                        maxAuditRepeat(config)));
    }

    void close(@Disposes Gate gate) {
        gate.close();
    }

    /** The executor of a call: the event loop of its connection. */
    private static Executor callExecutor() {
        var context = Vertx.currentContext();
        return context == null ? Runnable::run : command -> context.runOnContext(_ -> command.run());
    }

    @Produces
    @Singleton
    Registry registry(Gate gate, PlaneConfig plane, Instance<SiteStoreFactory> site) {
        var registry = gate.registry();
        return plane.store().kind() == PlaneConfig.StoreKind.EDGE
                ? registry
                : site.get()
                        .journal()
                        .<Registry>map(journal ->
                                new JournalingRegistry(registry, journal, Infrastructure.getDefaultWorkerPool()))
                        .orElse(registry);
    }

    @Produces
    @Singleton
    ConnectionFilter connections(GateConfig config, GateMetrics metrics, LongSupplier clock) {
        try {
            var networks = config.gate().localNetworks().stream()
                    .map(text -> Network.parse(text.strip()))
                    .toList();
            var certificates = new ClientCertificates(config.tenant(), clock);
            return new ConnectionFilter(
                    networks, config.gate().maxConnectionsPerAddress(), certificates::identityOf, metrics);
        } catch (IllegalArgumentException e) {
            throw new StartupException("pulseplane.gate.local-networks: " + e.getMessage());
        }
    }

    /** Takes the store as a parameter, because opening the store locks the data directory. */
    @Produces
    @Singleton
    AuditTrail auditTrail(GateConfig config, PlaneConfig plane, Store store, GateMetrics metrics, PlaneClock clock) {
        try {
            return EagerOpen.takeAuditTrailOr(
                    metrics,
                    () -> EagerOpen.openTrail(
                            store, config.auditSettings(plane.dataDir(), plane.dataDirAccess()), clock, metrics));
        } catch (IllegalArgumentException e) {
            throw new StartupException("pulseplane.audit: " + e.getMessage());
        }
    }

    void close(@Disposes AuditTrail audit) {
        audit.close();
    }

    @Produces
    @Singleton
    AuditTrailSource auditTrailSource(GateConfig config, PlaneConfig plane, Store store) {
        var directory = config.auditDirectory(plane.dataDir());
        return store instanceof EdgeStore edge
                ? new HashedTrailSource(directory, edge)
                : AuditTrailSource.inClear(directory);
    }

    @Produces
    @Singleton
    Authenticator authenticator(GateConfig config, PlaneConfig plane, Store store, LongSupplier clock) {
        try {
            return Authenticator.open(tokenSettings(config, plane.dataDir()), GateWiring::defaultSslContext, clock);
        } catch (UnusableKeyException | IllegalArgumentException e) {
            throw new StartupException(e.getMessage());
        }
    }

    void close(@Disposes Authenticator authenticator) {
        authenticator.close();
    }

    private static SSLContext defaultSslContext() {
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no default SSLContext", e);
        }
    }

    private static TokenSettings tokenSettings(GateConfig config, Path dataDir) {
        var token = config.token();
        var claims = token.claims();
        return new TokenSettings(
                config.tenant(),
                token.issuer(),
                token.audience(),
                token.clockSkew(),
                TokenSettings.DEFAULT_MAX_TOKEN_BYTES,
                token.jwks()
                        .map(location -> tokenKeys(location, token.allowPlainHttp()))
                        .orElse(new TokenSettings.Keys.Local(dataDir)),
                new TokenSettings.ClaimNames(
                        claims.subject(),
                        claims.audience(),
                        claims.roles(),
                        token.tenantFrom() == GateConfig.TenantSource.CLAIM
                                ? Optional.of(claims.tenant())
                                : Optional.empty(),
                        claims.deviceId(),
                        claims.patientId(),
                        token.roles().map()),
                TokenSettings.Refresh.STANDARD,
                TokenSettings.CacheBounds.STANDARD);
    }

    private static TokenSettings.Keys tokenKeys(String location, boolean allowPlainHttp) {
        return location.startsWith("https://") || location.startsWith("http://")
                ? new TokenSettings.Keys.JwksUrl(URI.create(location), allowPlainHttp)
                : new TokenSettings.Keys.JwksFile(Path.of(location));
    }

    @Produces
    @Singleton
    Policy policy(GateConfig config) {
        var policy = config.policy();
        var server = policy.opaServer();
        try {
            return Policies.open(new PolicySettings(
                    policy.engine(),
                    policy.directory(),
                    policy.checkInterval(),
                    Runtime.getRuntime().availableProcessors(),
                    policy.maxDecisions(),
                    server.url(),
                    server.timeout(),
                    server.decisionTtl(),
                    server.maxFailures(),
                    server.breakerDelay()));
        } catch (UncheckedIOException | IllegalArgumentException e) {
            throw new StartupException("pulseplane.policy: " + e.getMessage());
        }
    }

    void close(@Disposes Policy policy) {
        policy.close();
    }
}
