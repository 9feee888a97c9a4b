package io.pulseplane.node.compliance;

import io.pulseplane.gate.Network;
import io.pulseplane.gate.audit.writing.AuditSettings;
import io.pulseplane.gate.policy.PolicySettings;
import io.pulseplane.node.config.EdgeConfig;
import io.pulseplane.node.config.GateConfig;
import io.pulseplane.node.config.PlaneConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/** The controls that follow from the configuration of a plane. */
final class ConfigurationControls {

    /** HIPAA asks for six years. */
    private static final Duration MIN_AUDIT_RETENTION = Duration.ofDays(6 * 365);

    /** The networks of RFC 1918, RFC 4193 and RFC 6598, and the loopback and link-local ones. */
    private static final List<String> PRIVATE_NETWORKS = List.of(
            "127.0.0.0/8",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "169.254.0.0/16",
            "::1/128",
            "fc00::/7",
            "fe80::/10");

    private final PlaneConfig plane;
    private final EdgeConfig edge;
    private final GateConfig gate;
    private final String grpcHost;
    private final String httpHost;

    /**
     * @param grpcHost the address at which gRPC listens
     * @param httpHost the address at which health and metrics are served
     */
    ConfigurationControls(PlaneConfig plane, EdgeConfig edge, GateConfig gate, String grpcHost, String httpHost) {
        this.plane = plane;
        this.edge = edge;
        this.gate = gate;
        this.grpcHost = grpcHost;
        this.httpHost = httpHost;
    }

    List<Control> check() {
        return List.of(
                grpcEncryption(),
                httpIsLocal(),
                nodeKey(),
                tokenKeys(),
                policy(),
                locality(),
                auditMode(),
                auditRetention(),
                retention(),
                backups());
    }

    private Control grpcEncryption() {
        boolean isLoopback = isLoopback(grpcHost);
        return Control.passIf(
                isLoopback || gate.gate().tlsConfigurationName().isPresent(),
                "encryption-in-transit",
                "45 CFR 164.312(e)(1), (e)(2)(ii); GDPR 32(1)(a)",
                isLoopback ? "gRPC listens on this machine only" : "gRPC listens with TLS",
                "gRPC listens on " + grpcHost + " without TLS: set pulseplane.gate.tls-configuration-name");
    }

    private Control httpIsLocal() {
        return Control.passIf(
                isLoopback(httpHost),
                "operations-interface",
                "45 CFR 164.312(e)(1)",
                "health and metrics are served on this machine only",
                "health and metrics are served on " + httpHost
                        + " to whoever gets there: set quarkus.http.host, or close the port to all but the monitoring");
    }

    private Control nodeKey() {
        var id = "key-of-data";
        var requirement = "45 CFR 164.312(a)(2)(iv); GDPR 32(1)(a)";
        if (plane.store().kind() == PlaneConfig.StoreKind.POSTGRES) {
            return Control.notApplicable(id, requirement, "PostgreSQL holds the readings: encrypt its disks");
        }
        boolean isElsewhere = edge.nodeKey().isPresent()
                || edge.nodeKeyCommand().isPresent()
                || edge.nodeKeyFile()
                        .filter(file -> !file.toAbsolutePath()
                                .normalize()
                                .startsWith(plane.dataDir().toAbsolutePath().normalize()))
                        .isPresent();
        return Control.passIf(
                isElsewhere,
                id,
                requirement,
                "the key of the data is kept outside of the data directory",
                "the key of the data lies beside the data: set pulseplane.store.node-key-file or -command");
    }

    private Control tokenKeys() {
        return Control.passIf(
                gate.token()
                        .jwks()
                        .filter(location -> !location.startsWith("http://"))
                        .isPresent(),
                "identity-provider",
                "45 CFR 164.312(a)(2)(i), (d); GDPR 32(1)(b)",
                "tokens are those of an identity provider",
                gate.token().jwks().isPresent()
                        ? "the keys for tokens come over plain http: set pulseplane.token.jwks to https or a file"
                        : "whoever reads the data directory can make tokens: set pulseplane.token.jwks");
    }

    private Control policy() {
        var policy = gate.policy();
        var id = "access-and-consent";
        var requirement = "45 CFR 164.312(a)(1); GDPR 7, 25(2)";
        return policy.engine() == PolicySettings.Engine.WASM
                        && policy.directory().isEmpty()
                ? new Control(
                        id,
                        requirement,
                        Control.Status.PASS,
                        "the built-in policy decides: nobody reads without a role and the patient's consent")
                : Control.notApplicable(id, requirement, "a policy of your own decides: its tests must show it");
    }

    private Control locality() {
        var beyond = gate.gate().localNetworks().stream()
                .filter(text -> !isPrivate(text.strip()))
                .toList();
        return Control.passIf(
                beyond.isEmpty(),
                "data-stays-local",
                "GDPR 44, 32(1)(b)",
                "all local networks are private ones",
                "public networks count as local: " + String.join(", ", beyond)
                        + "; narrow pulseplane.gate.local-networks");
    }

    /** Whether a network lies in a private one: its first address does, and its prefix is not shorter. */
    private static boolean isPrivate(String network) {
        var address = new InetSocketAddress(InetAddress.ofLiteral(addressOf(network)), 0);
        return PRIVATE_NETWORKS.stream()
                .anyMatch(outer -> Network.parse(outer).contains(address)
                        && prefixLength(network, address.getAddress()) >= prefixLength(outer, address.getAddress()));
    }

    private static String addressOf(String network) {
        int slash = network.indexOf('/');
        return slash < 0 ? network : network.substring(0, slash);
    }

    private static int prefixLength(String network, InetAddress address) {
        int slash = network.indexOf('/');
        return slash < 0 ? address.getAddress().length * Byte.SIZE : Integer.parseInt(network.substring(slash + 1));
    }

    private Control auditMode() {
        return Control.passIf(
                gate.audit().mode() == AuditSettings.Mode.SYNC,
                "audit-before-answer",
                "45 CFR 164.312(b); GDPR 30, 5(2)",
                "every access is on disk before its answer leaves",
                "accesses can be missing in the audit trail: set pulseplane.audit.mode=sync");
    }

    private Control auditRetention() {
        return Control.passIf(
                gate.audit().retention().compareTo(MIN_AUDIT_RETENTION) >= 0,
                "audit-retention",
                "45 CFR 164.316(b)(2)(i)",
                "the audit trail is kept for " + gate.audit().retention().toDays() + " days",
                "the audit trail is kept for " + gate.audit().retention().toDays()
                        + " days, and six years are required: set pulseplane.audit.retention");
    }

    private Control retention() {
        var id = "storage-limitation";
        var requirement = "GDPR 5(1)(e)";
        if (plane.store().kind() == PlaneConfig.StoreKind.POSTGRES) {
            return Control.notApplicable(id, requirement, "PostgreSQL holds the readings: drop its partitions in time");
        }
        return Control.passIf(
                edge.retention().isPresent(),
                id,
                requirement,
                "readings are deleted after "
                        + edge.retention().map(Duration::toDays).orElse(0L) + " days",
                "readings are kept for ever: set pulseplane.store.retention");
    }

    private static Control backups() {
        return Control.notApplicable(
                "verified-backup",
                "45 CFR 164.308(a)(7)(ii)(A); GDPR 32(1)(c)",
                "the plane makes no backups itself: copy the data directory as the page on the edge store says");
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost") || host.equals("::1") || host.startsWith("127.");
    }
}
