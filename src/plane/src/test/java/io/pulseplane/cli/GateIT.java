package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.HostAndPort;
import io.pulseplane.TestCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The packaged program with TLS, certificates of devices, and wrong configurations. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GateIT {

    private static final String DEVICE = "sim-monitor-0001";

    @TempDir
    static Path files;

    private TestCertificate authority;
    private Program.Plane plane;

    @BeforeAll
    void serve() throws Exception {
        authority = TestCertificate.certificateAuthority("CN=Clinic CA");
        authority.writeCertificate(file("ca.crt"));
        authority.save(file("authority"));
        installCertificate(authority.issue("CN=localhost", "san=dns:localhost"));
        var device = authority.issue("CN=" + DEVICE);
        device.writeCertificate(file("device.crt"));
        device.writeKey(file("device.key"));
        Files.writeString(file("nonsense"), "nonsense");
        Files.setPosixFilePermissions(
                Files.writeString(
                        Files.createDirectory(
                                        file("readable"),
                                        PosixFilePermissions.asFileAttribute(
                                                PosixFilePermissions.fromString("rwx------")))
                                .resolve("token.key"),
                        "{}"),
                PosixFilePermissions.fromString("rw-r--r--"));
        Files.setPosixFilePermissions(
                Files.createDirectory(file("open")), PosixFilePermissions.fromString("rwxrwxrwx"));
        plane = Program.Plane.serve(
                file("data"),
                "pulseplane.gate.tls-configuration-name=gate",
                "quarkus.tls.gate.key-store.pem.0.cert=" + file("server.crt"),
                "quarkus.tls.gate.key-store.pem.0.key=" + file("server.key"),
                "quarkus.tls.gate.trust-store.pem.certs=" + file("ca.crt"),
                "quarkus.tls.gate.reload-period=1s",
                // With TLS, the plane may listen on every address.
                "quarkus.grpc.server.host=0.0.0.0");
    }

    @AfterAll
    void stop() throws IOException {
        plane.close();
    }

    private static Path file(String name) {
        return files.resolve(name);
    }

    private static void installCertificate(TestCertificate server) throws Exception {
        server.writeCertificate(file("server.crt"));
        server.writeKey(file("server.key"));
    }

    private Program.Run run(List<String> properties, String... arguments) throws Exception {
        var allArguments = new ArrayList<>(List.of(arguments));
        allArguments.addAll(List.of("--target", plane.target()));
        return Program.run(properties, allArguments.toArray(String[]::new));
    }

    private Program.Run run(String... arguments) throws Exception {
        return run(List.of(), arguments);
    }

    private static String dataDirectory() {
        return file("data").toString();
    }

    @Test
    void logs_that_it_speaks_tls() throws Exception {
        assertThat(plane.log()).contains(", with TLS").doesNotContain("TLS enabled: false");
    }

    @Test
    void serves_clients_that_trust_its_certificate() throws Exception {
        var authorities = file("ca.crt").toString();
        var consents = run("consent", "show", "--patient", "bob", "--data-dir", dataDirectory(), "--ca", authorities);
        assertThat(consents.status()).as(consents.err()).isZero();
    }

    @Test
    void serves_clients_whose_system_trusts_its_certificate() throws Exception {
        var trustStore = List.of(
                "javax.net.ssl.trustStore=" + file("authority").resolve("store.p12"),
                "javax.net.ssl.trustStorePassword=password");
        var consents = run(trustStore, "consent", "show", "--patient", "bob", "--data-dir", dataDirectory(), "--tls");
        assertThat(consents.status()).as(consents.err()).isZero();
        var untrusted = run("consent", "show", "--patient", "bob", "--data-dir", dataDirectory(), "--tls");
        assertThat(untrusted.status()).isEqualTo(5);
        assertThat(untrusted.err()).contains("no plane answers").doesNotContain("\tat ");
    }

    @Test
    void refuses_clients_without_tls() throws Exception {
        var plain = run("consent", "show", "--patient", "ada", "--data-dir", dataDirectory());
        assertThat(plain.status()).isEqualTo(5);
        assertThat(plain.err()).contains("UNAVAILABLE").doesNotContain("\tat ");
    }

    @Test
    void identifies_a_device_by_its_certificate_even_where_the_local_key_is_readable() throws Exception {
        var oneDevice = simulate("1");
        assertThat(oneDevice.status()).as(oneDevice.err()).isZero();
        assertThat(oneDevice.out()).contains("accepted");
        var trail = run(
                "audit",
                "list",
                "--json",
                "--subject",
                DEVICE,
                "--data-dir",
                dataDirectory(),
                "--ca",
                file("ca.crt").toString());
        assertThat(trail.out()).contains("\"" + DEVICE + "\"").contains("PERMITTED");
        var twoDevices = simulate("2");
        assertThat(twoDevices.out() + twoDevices.err())
                .as("the certificate is not that of the second device")
                .contains("1 batches: not permitted: not_own_device");
    }

    private Program.Run simulate(String devices) throws Exception {
        return run(
                "simulate",
                "--devices",
                devices,
                "--readings",
                "100",
                "--rate",
                "max",
                "--data-dir",
                dataDirectory(),
                "--ca",
                file("ca.crt").toString(),
                "--cert",
                file("device.crt").toString(),
                "--key",
                file("device.key").toString());
    }

    @ParameterizedTest
    @CsvSource({"--ca nowhere.crt, nowhere.crt", "--ca nonsense, certificates", "--cert device.crt, --key"})
    void reports_in_one_line_which_certificate_is_unusable(String options, String expected) throws Exception {
        var words = List.of(options.split(" ", 2));
        var run = run(
                "consent",
                "show",
                "--patient",
                "ada",
                words.getFirst(),
                file(words.getLast()).toString());
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains(expected).doesNotContain("\tat ");
    }

    @Test
    void serves_a_renewed_certificate_after_the_reload_period() throws Exception {
        var renewed = authority.issue("CN=localhost", "san=dns:localhost");
        assertThat(servedCertificate()).isNotEqualTo(renewed.certificate());
        installCertificate(renewed);
        Awaitility.await()
                .atMost(30, TimeUnit.SECONDS)
                .untilAsserted(() -> assertThat(servedCertificate()).isEqualTo(renewed.certificate()));
    }

    private Certificate servedCertificate() throws Exception {
        var context = SSLContext.getInstance("TLS");
        context.init(null, authority.trustManagerFactory().getTrustManagers(), null);
        var address = HostAndPort.fromString(plane.target());
        try (var socket = (SSLSocket) context.getSocketFactory().createSocket(address.getHost(), address.getPort())) {
            var parameters = socket.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"h2"});
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    @Test
    void listens_beyond_loopback_without_tls_only_where_the_configuration_allows_it() throws Exception {
        var refused = start("quarkus.grpc.server.host=0.0.0.0");
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.err().lines())
                .singleElement()
                .asString()
                .contains("gRPC would listen on 0.0.0.0 without TLS")
                .contains("pulseplane.gate.tls-configuration-name")
                .contains("pulseplane.gate.plaintext-beyond-loopback=true");
        try (var plaintext = Program.Plane.serve(
                file("plaintext"),
                "quarkus.grpc.server.host=0.0.0.0",
                "pulseplane.gate.plaintext-beyond-loopback=true")) {
            assertThat(plaintext.log()).contains("gRPC listens on 0.0.0.0:").contains("without TLS");
        }
    }

    /** FILE stands for the directory of this test's files. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "pulseplane.gate.tls-configuration-name=nobody           | there is no TLS configuration named nobody",
                "quarkus.tls.a.key-store.pem.0.cert=FILE/nowhere quarkus.tls.a.key-store.pem.0.key=FILE/nowhere"
                        + " | FILE/nowhere",
                "quarkus.tls.a.key-store.pem.0.cert=FILE/nonsense quarkus.tls.a.key-store.pem.0.key=FILE/nonsense"
                        + " | Missing -----BEGIN",
                "pulseplane.gate.tls-configuration-name=a quarkus.tls.a.key-store.pem.0.cert=FILE/server.crt"
                        + " quarkus.tls.a.key-store.pem.0.key=FILE/device.key"
                        + " | the private key is not that of the certificate",
                "pulseplane.gate.tls-configuration-name=a quarkus.tls.a.key-store.pem.0.cert=FILE/device.crt"
                        + " quarkus.tls.a.key-store.pem.0.key=FILE/device.key quarkus.tls.a.trust-all=true"
                        + " | any client could present itself as any device",
                "pulseplane.gate.tls-configuration-name=a quarkus.tls.a.trust-store.pem.certs=FILE/ca.crt"
                        + " | the key-store is missing",
                "pulseplane.gate.local-networks=127.0.0.0/8,everywhere   | 'everywhere' is no network",
                "pulseplane.policy.directory=FILE/nowhere                | neither policy.wasm nor bundle.tar.gz",
                "pulseplane.token.jwks=FILE/nowhere                      | cannot be read from FILE/nowhere",
                "pulseplane.data-dir=FILE/readable                       | the key for tokens (mode rw-r--r--)",
                "pulseplane.data-dir=FILE/open                           | (mode rwxrwxrwx): chmod 700",
                "pulseplane.gate.max-idle=0s | pulseplane.gate.max-idle must be 1s to 365d, not 0s",
                "pulseplane.ingest.ahead-allowance=106752d | pulseplane.ingest.ahead-allowance must be 0s to 24h",
                "pulseplane.audit.mode=loud                              | pulseplane.audit.mode",
                "pulseplane.audit.directory=FILE/nonsense | read or written: FILE/nonsense",
                "quarkus.grpc.server.use-separate-server=false           | bypass the limits of the gate"
            })
    void reports_in_one_line_what_is_wrong_with_its_configuration(String properties, String expected) throws Exception {
        var run = start(properties.replace("FILE", files.toString()).split(" ", -1));
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .startsWith("pulseplane did not start: ")
                .contains(expected.replace("FILE", files.toString()));
        assertThat(run.out()).doesNotContain("\tat ").doesNotContain("ERROR");
    }

    private static Program.Run start(String... properties) throws Exception {
        var dataDirectory = Files.createTempDirectory(files, "data");
        return Program.run(Stream.concat(
                        Program.ANY_PORTS.stream(),
                        Stream.concat(Stream.of("pulseplane.data-dir=" + dataDirectory), Stream.of(properties)))
                .toList());
    }
}
