package io.pulseplane.node;

import io.pulseplane.api.AccessRules;
import io.pulseplane.api.AuditTrail;
import io.pulseplane.api.Errors;
import io.pulseplane.gate.Connections;
import io.pulseplane.gate.Gate;
import io.pulseplane.gate.GateSettings;
import io.pulseplane.gate.Network;
import io.pulseplane.gate.audit.AuditLog;
import io.pulseplane.gate.audit.AuditReader;
import io.pulseplane.gate.policy.Policies;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.policy.PolicySettings;
import io.pulseplane.gate.token.Authenticator;
import io.pulseplane.gate.token.ClientCertificates;
import io.pulseplane.gate.token.KeyFailure;
import io.pulseplane.gate.token.TokenSettings;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.vertx.core.Vertx;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLContext;

/** The gate, and what it is made of. */
final class GateWiring {

    /** Whatever the configuration says: a decision of a server that may change unseen stands no longer than this. */
    private static Duration recordStands(GateConfig config) {
        return config.policy().engine() == PolicySettings.Engine.OPA
                ? config.policy().opaServer().remembered()
                : config.audit().recordStands();
    }

    @Produces
    @Singleton
    Gate gate(
            GateConfig config,
            Authenticator authenticator,
            Policy policy,
            AuditLog audit,
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
                Errors::exception,
                GateWiring::executorOfTheCall,
                metrics,
                clock);
        var bounds = config.gate();
        return new Gate(
                parts,
                site,
                changes,
                new GateSettings(
                        config.nodeId(),
                        bounds.maxRequestsPerSecond(),
                        bounds.maxStrangersPerSecond(),
                        bounds.maxCallsPerConnection(),
                        bounds.maxMetadataBytes().asLongValue(),
                        config.token().clockSkew(),
                        recordStands(config)));
    }

    void close(@Disposes Gate gate) {
        gate.close();
    }

    /** Calls run on the event loop of their connection. */
    private static Executor executorOfTheCall() {
        var context = Vertx.currentContext();
        return context == null ? Runnable::run : command -> context.runOnContext(_ -> command.run());
    }

    @Produces
    @Singleton
    Registry registry(Gate gate) {
        return gate.registry();
    }

    @Produces
    @Singleton
    Connections connections(GateConfig config, GateMetrics metrics, LongSupplier clock) {
        try {
            var networks = config.gate().localNetworks().stream()
                    .map(text -> Network.parse(text.strip()))
                    .toList();
            var certificates = new ClientCertificates(config.tenant(), clock);
            return new Connections(networks, config.gate().maxConnectionsPerAddress(), certificates::of, metrics);
        } catch (IllegalArgumentException e) {
            throw new StartupException("pulseplane.gate.local-networks: " + e.getMessage());
        }
    }

    /** The store comes first: it makes sure that the data directory is this plane's alone. */
    @Produces
    @Singleton
    AuditLog audit(GateConfig config, PlaneConfig plane, Store store, GateMetrics metrics, LongSupplier clock) {
        try {
            return Ahead.trailOr(metrics, () -> AuditLog.open(config.auditSettings(plane.dataDir()), clock, metrics));
        } catch (IllegalArgumentException e) {
            throw new StartupException("pulseplane.audit: " + e.getMessage());
        }
    }

    void close(@Disposes AuditLog audit) {
        audit.close();
    }

    @Produces
    @Singleton
    AuditTrail trail(GateConfig config, PlaneConfig plane) {
        var directory = config.auditDirectory(plane.dataDir());
        return filter -> AuditReader.open(directory, filter);
    }

    @Produces
    @Singleton
    Authenticator authenticator(GateConfig config, PlaneConfig plane, Store store, LongSupplier clock) {
        try {
            return Authenticator.open(tokens(config, plane.dataDir()), GateWiring::trust, clock);
        } catch (KeyFailure | IllegalArgumentException e) {
            throw new StartupException(e.getMessage());
        }
    }

    void close(@Disposes Authenticator authenticator) {
        authenticator.close();
    }

    private static SSLContext trust() {
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has a default", e);
        }
    }

    private static TokenSettings tokens(GateConfig config, Path dataDir) {
        var token = config.token();
        var claims = token.claims();
        return new TokenSettings(
                config.tenant(),
                token.issuer(),
                token.audience(),
                token.clockSkew(),
                TokenSettings.DEFAULT_MAX_TOKEN_BYTES,
                token.jwks()
                        .map(where -> keys(where, token.allowPlainHttp()))
                        .orElse(new TokenSettings.Keys.Local(dataDir)),
                new TokenSettings.ClaimNames(
                        claims.roles(), claims.role(), claims.tenant(), claims.deviceId(), claims.patientId()),
                TokenSettings.Refresh.STANDARD,
                TokenSettings.Known.STANDARD);
    }

    private static TokenSettings.Keys keys(String where, boolean allowPlainHttp) {
        return where.startsWith("https://") || where.startsWith("http://")
                ? new TokenSettings.Keys.JwksUrl(URI.create(where), allowPlainHttp)
                : new TokenSettings.Keys.JwksFile(Path.of(where));
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
                    policy.checkEvery(),
                    Runtime.getRuntime().availableProcessors(),
                    policy.maxDecisions(),
                    server.url(),
                    server.timeout(),
                    server.remembered(),
                    server.maxFailures(),
                    server.pause()));
        } catch (UncheckedIOException | IllegalArgumentException e) {
            throw new StartupException("pulseplane.policy: " + e.getMessage());
        }
    }

    void close(@Disposes Policy policy) {
        policy.close();
    }
}
