package io.pulseplane.node.config;

import io.pulseplane.files.PrivateFiles.Access;
import io.pulseplane.gate.audit.SigningKey;
import io.pulseplane.gate.audit.writing.AuditSettings;
import io.pulseplane.gate.policy.PolicySettings;
import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Configuration of the gate: tokens, policy, limits and audit trail. */
@ConfigMapping(prefix = "pulseplane")
public interface GateConfig {

    /** The plane's id in the policy's input and in the audit trail. */
    @WithDefault("node")
    String nodeId();

    /** The organisation that the plane serves. The gate refuses tokens of another. */
    @WithDefault("local")
    String tenant();

    ServerConfig gate();

    TokenConfig token();

    PolicyConfig policy();

    AuditConfig audit();

    default AuditSettings auditSettings(Path dataDir, Access access) {
        var audit = audit();
        var directory = auditDirectory(dataDir);
        return new AuditSettings(
                audit.mode(),
                directory,
                access,
                signingKey(),
                nodeId(),
                audit.syncInterval(),
                new AuditSettings.Queue(AuditSettings.Queue.DEFAULT.maxRecords(), HeapShare.AUDIT.or(Optional.empty())),
                new AuditSettings.Segments(audit.segmentSize().asLongValue(), audit.segmentAge(), audit.retention()));
    }

    private SigningKey.Source signingKey() {
        var file = audit().signingKeyFile();
        var command = audit().signingKeyCommand();
        if (file.isPresent() && command.isPresent()) {
            throw new StartupException("pulseplane.audit: set only one of signing-key-file and signing-key-command");
        }
        return file.<SigningKey.Source>map(SigningKey.Source.KeyFile::new)
                .or(() -> command.map(SigningKey.Source.Command::new))
                .orElse(new SigningKey.Source.InDirectory());
    }

    default Path auditDirectory(Path dataDir) {
        return audit().directory().orElse(dataDir.resolve("audit"));
    }

    interface ServerConfig {

        /** Local networks in CIDR notation. To the policy, answers to callers elsewhere do not stay local. */
        @WithDefault("127.0.0.0/8,::1/128")
        List<String> localNetworks();

        /**
         * The name of a configuration in Quarkus's TLS registry, quarkus.tls.NAME. The plane uses TLS if it is set. If
         * the configuration has a trust-store, devices may present certificates of its authorities in place of tokens.
         */
        Optional<String> tlsConfigurationName();

        /** Whether the plane may listen beyond loopback without TLS, where everybody on the network can read along. */
        @WithDefault("false")
        boolean plaintextBeyondLoopback();

        /**
         * Requests that one caller may send in a second, and in one burst. Messages in streams count. 0 for no limit.
         */
        @WithDefault("100000")
        long maxRequestsPerSecond();

        /** Requests without a valid token that one address may send in a second, and in one burst. 0 for no limit. */
        @WithDefault("100")
        long maxUnauthenticatedPerSecond();

        /** Connections that one address may have. */
        @WithDefault("1000")
        int maxConnectionsPerAddress();

        /** Connections that there may be, also before their handshake; one for each 256 KiB of the heap if empty. */
        OptionalInt maxConnections();

        /** Calls that may run on one connection. With HTTP/2, further calls wait at the client. */
        @WithDefault("256")
        int maxCallsPerConnection();

        /** Bytes of incomplete messages that the plane keeps for one connection. */
        @WithDefault("16M")
        MemorySize maxInboundBytesPerConnection();

        /**
         * Bytes of incomplete messages that the plane keeps for all connections together; see {@link HeapShare} if
         * empty.
         */
        Optional<MemorySize> maxInboundBytes();

        /** Calls that a client may reset (RST_STREAM) in ten seconds before the plane closes its connection. */
        @WithDefault("2000")
        int maxResetsPerTenSeconds();

        /**
         * Metadata of a call, mostly its token, which has at most 16 KiB. The gate refuses a call with more, and the
         * server reads four times as much.
         */
        @WithDefault("24K")
        MemorySize maxMetadataBytes();

        /** The plane closes a connection that has had no calls for this long. */
        @WithDefault("1h")
        Duration maxIdle();

        /** The plane closes a connection of this age, after its calls have had time to end. */
        @WithDefault("24h")
        Duration maxAge();

        /** The shortest interval between a client's pings. The plane disconnects a client that pings more often. */
        @WithDefault("10s")
        Duration minPingInterval();
    }

    interface TokenConfig {

        /**
         * The keys for tokens: a JWKS as a file or an https URL. If empty, the plane's own key in the data directory.
         */
        Optional<String> jwks();

        /** Whether the JWKS may be at an http URL. */
        @WithDefault("false")
        boolean allowPlainHttp();

        @WithDefault("pulseplane")
        String issuer();

        /** The audiences of which a token must have one. */
        @WithDefault("pulseplane")
        List<String> audience();

        /** What says the tenant of a token: a claim; or the issuer, if it has users of the plane's tenant only. */
        @WithDefault("claim")
        TenantSource tenantFrom();

        /** How much the clocks of issuer and plane may differ. */
        @WithDefault("${pulseplane.clock.allowance:5s}")
        Duration clockSkew();

        ClaimsConfig claims();

        RolesConfig roles();
    }

    enum TenantSource {
        CLAIM,
        ISSUER
    }

    /** What names of roles and groups at the identity provider mean. */
    interface RolesConfig {

        /** The plane's roles for each name. If there are any, other names do not count. */
        Map<String, List<String>> map();
    }

    /** The names of the claims, or paths of names with / between them, such as realm_access/roles. */
    interface ClaimsConfig {

        @WithDefault("sub")
        String subject();

        /** The claim that must have the audience. */
        @WithDefault("aud")
        String audience();

        /** Claims with a role, an array of roles, or scopes. All of them count. */
        @WithDefault("roles,role")
        List<String> roles();

        @WithDefault("tenant")
        String tenant();

        @WithDefault("device_id")
        String deviceId();

        @WithDefault("patient_id")
        String patientId();
    }

    interface PolicyConfig {

        /** What decides: wasm, in this process; or opa, a server. */
        @WithDefault("wasm")
        PolicySettings.Engine engine();

        /** A directory with policy.wasm or bundle.tar.gz, which replaces the built-in policy. */
        Optional<Path> directory();

        /** How often the plane checks that directory for a new policy. */
        @WithDefault("100ms")
        Duration checkInterval();

        /** Decisions that the plane caches. */
        @WithDefault("100000")
        int maxDecisions();

        @WithName("opa")
        OpaConfig opaServer();
    }

    interface OpaConfig {

        @WithDefault("http://localhost:8181")
        URI url();

        /** How long the server may take. The gate refuses the request if it takes longer. */
        @WithDefault("200ms")
        Duration timeout();

        /** How long the plane caches its decisions. */
        @WithDefault("1s")
        Duration decisionTtl();

        /** Failures in a row after which the plane does not call the server for {@link #pause}. */
        @WithDefault("5")
        int maxFailures();

        /** How long the plane does not call a server that has failed. */
        @WithDefault("1s")
        Duration breakerDelay();
    }

    interface AuditConfig {

        /**
         * When a call may continue: sync, when its record is on disk; async, at once, so that a power cut may lose the
         * records of the last interval; off, without a record. With off, the built-in policy refuses every call.
         */
        @WithDefault("sync")
        AuditSettings.Mode mode();

        /** The directory of the audit trail; audit in the data directory by default. */
        Optional<Path> directory();

        /** A file with the key that signs the trail, in PEM. By default node.key in the directory of the trail. */
        Optional<Path> signingKeyFile();

        /** A command with its arguments that prints the signing key in PEM, for key management services. */
        Optional<List<String>> signingKeyCommand();

        /** How long a record may wait in memory, in async mode. */
        @WithDefault("100ms")
        Duration syncInterval();

        /** The plane signs and ends a segment of this size. */
        @WithDefault("64M")
        MemorySize segmentSize();

        /** The plane signs and ends a segment of this age. */
        @WithDefault("24h")
        Duration segmentAge();

        /** The plane removes ended segments of this age. The default is six years, as HIPAA requires. */
        @WithDefault("2192d")
        Duration retention();

        /** Places that get the signed end of the trail: file:PATH, syslog+udp://HOST:PORT or syslog+tcp://HOST:PORT. */
        Optional<List<String>> anchorTo();

        /** How often these places get it, at least 1s. */
        @WithDefault("1h")
        Duration anchorInterval();

        /** How long one record stands for all equal requests of a stream. */
        @WithDefault("1m")
        Duration repeatInterval();
    }
}
