package io.pulseplane.node.config;

import io.pulseplane.gate.audit.AuditSettings;
import io.pulseplane.gate.policy.PolicySettings;
import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What the gate can be told: who may come in, from where, how often, and how that is written down. */
@ConfigMapping(prefix = "pulseplane")
public interface GateConfig {

    /** The plane's own id: in the policy's input, and in the audit trail. */
    @WithDefault("node")
    String nodeId();

    /** The organisation the plane serves; tokens of another are refused. */
    @WithDefault("local")
    String tenant();

    ServerConfig gate();

    TokenConfig token();

    PolicyConfig policy();

    AuditConfig audit();

    default AuditSettings auditSettings(Path dataDir) {
        var audit = audit();
        var directory = auditDirectory(dataDir);
        return new AuditSettings(
                audit.mode(),
                directory,
                directory.resolve("node.key"),
                nodeId(),
                audit.interval(),
                AuditSettings.Queue.DEFAULT,
                new AuditSettings.Segments(audit.segmentSize().asLongValue(), audit.segmentAge(), audit.retention()));
    }

    default Path auditDirectory(Path dataDir) {
        return audit().directory().orElse(dataDir.resolve("audit"));
    }

    interface ServerConfig {

        /** Networks that answers may go to, in CIDR notation. To callers elsewhere, data would not stay local. */
        @WithDefault("127.0.0.0/8,::1/128")
        List<String> localNetworks();

        /**
         * A configuration of Quarkus's TLS registry, quarkus.tls.NAME; the plane speaks TLS where it is set. With a
         * trust-store, devices may show certificates of those authorities in place of tokens.
         */
        Optional<String> tlsConfigurationName();

        /** Whether to listen beyond loopback without TLS, so that anybody on the way can read everything. */
        @WithDefault("false")
        boolean plaintextBeyondLoopback();

        /** Requests one subject may make in a second, and at once; messages in streams count. 0 for no bound. */
        @WithDefault("100000")
        long maxRequestsPerSecond();

        /** The same for those who cannot say who they are, for each address. */
        @WithDefault("100")
        long maxStrangersPerSecond();

        /** Connections one address may have. */
        @WithDefault("1000")
        int maxConnectionsPerAddress();

        /** Calls one connection may have under way; HTTP/2 has those beyond them wait. */
        @WithDefault("256")
        int maxCallsPerConnection();

        /** Of messages that have begun and not ended, what is kept of one connection. */
        @WithDefault("16M")
        MemorySize maxHalfSentBytesPerConnection();

        /** The same for all connections together. */
        @WithDefault("256M")
        MemorySize maxHalfSentBytes();

        /** Calls one connection may abandon (RST_STREAM) in ten seconds before it is closed. */
        @WithDefault("2000")
        int maxResetsPerTenSeconds();

        /** Metadata of a call: tokens, mostly. A call with more is refused, and four times as much is not even read. */
        @WithDefault("16K")
        MemorySize maxMetadataBytes();

        /** A connection without calls is closed after this. */
        @WithDefault("1h")
        Duration maxIdle();

        /** A connection is closed, and its calls given time to end, after this. */
        @WithDefault("24h")
        Duration maxAge();

        /** How often a client may ping; who pings more often is disconnected. */
        @WithDefault("10s")
        Duration minPingInterval();
    }

    interface TokenConfig {

        /** Where the keys are: a JWKS as a file or an https URL. Without it, the plane's own key in the data directory. */
        Optional<String> jwks();

        /** Whether an http URL will do. */
        @WithDefault("false")
        boolean allowPlainHttp();

        @WithDefault("pulseplane")
        String issuer();

        @WithDefault("pulseplane")
        String audience();

        /** How far the clocks of issuer and plane may be apart. */
        @WithDefault("30s")
        Duration clockSkew();

        ClaimsConfig claims();
    }

    /** Claims by name, or by a path of names with / between them, such as realm_access/roles. */
    interface ClaimsConfig {

        @WithDefault("roles")
        String roles();

        @WithDefault("role")
        String role();

        @WithDefault("tenant")
        String tenant();

        @WithDefault("device_id")
        String deviceId();

        @WithDefault("patient_id")
        String patientId();
    }

    interface PolicyConfig {

        /** Who decides: wasm, in process; or opa, a server that is asked. */
        @WithDefault("wasm")
        PolicySettings.Engine engine();

        /** Where policy.wasm or bundle.tar.gz lies that takes the place of the policy that was built in. */
        Optional<Path> directory();

        /** How often that directory is looked at. */
        @WithDefault("1s")
        Duration checkEvery();

        /** Decisions that are remembered. */
        @WithDefault("100000")
        int maxDecisions();

        @WithName("opa")
        OpaConfig opaServer();
    }

    interface OpaConfig {

        @WithDefault("http://localhost:8181")
        URI url();

        /** How long the server may take; the answer is no if it takes longer. */
        @WithDefault("200ms")
        Duration timeout();

        /** How long its decisions are remembered. */
        @WithDefault("1s")
        Duration remembered();

        /** Failures in a row after which it is left alone for a while. */
        @WithDefault("5")
        int maxFailures();

        /** For how long. */
        @WithDefault("1s")
        Duration pause();
    }

    interface AuditConfig {

        /**
         * When a call may go on: sync, when its record is on disk; async, at once, at the price of the records of the last
         * interval in a power cut; off, without a record, which the built-in policy refuses everybody.
         */
        @WithDefault("sync")
        AuditSettings.Mode mode();

        /** Where the trail is kept; the data directory's audit by default. */
        Optional<Path> directory();

        /** How long a record may wait in memory in async mode. */
        @WithDefault("100ms")
        Duration interval();

        /** A segment is sealed at this size. */
        @WithDefault("64M")
        MemorySize segmentSize();

        /** A segment is sealed at this age. */
        @WithDefault("24h")
        Duration segmentAge();

        /** Sealed segments are removed at this age; six years, as HIPAA asks. */
        @WithDefault("2192d")
        Duration retention();

        /** On a stream that asks the same again and again, how long one record stands for all of them. */
        @WithDefault("1m")
        Duration recordStands();
    }
}
