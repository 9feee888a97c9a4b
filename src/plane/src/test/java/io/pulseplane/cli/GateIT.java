package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

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

/** The packaged program, as it is told to listen, to whom, and how. */
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
                Files.writeString(Files.createDirectory(file("open")).resolve("token.key"), "{}"),
                PosixFilePermissions.fromString("rw-r--r--"));
        plane = Program.Plane.serve(
                file("data"),
                "pulseplane.gate.tls-configuration-name=gate",
                "quarkus.tls.gate.key-store.pem.0.cert=" + file("server.crt"),
                "quarkus.tls.gate.key-store.pem.0.key=" + file("server.key"),
                "quarkus.tls.gate.trust-store.pem.certs=" + file("ca.crt"),
                "quarkus.tls.gate.reload-period=1s",
                // With TLS it may.
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
        var all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--target", plane.target()));
        return Program.run(properties, all.toArray(String[]::new));
    }

    private Program.Run run(String... arguments) throws Exception {
        return run(List.of(), arguments);
    }

    private static String data() {
        return file("data").toString();
    }

    @Test
    void says_that_it_speaks_tls() throws Exception {
        assertThat(plane.log()).contains(", with TLS").doesNotContain("TLS enabled: false");
    }

    @Test
    void serves_those_who_trust_its_certificate() throws Exception {
        var authorities = file("ca.crt").toString();
        var shown = run("consent", "show", "--patient", "bob", "--data-dir", data(), "--ca", authorities);
        assertThat(shown.status()).as(shown.err()).isZero();
    }

    @Test
    void serves_those_whose_system_trusts_its_certificate() throws Exception {
        var system = List.of(
                "javax.net.ssl.trustStore=" + file("authority").resolve("store.p12"),
                "javax.net.ssl.trustStorePassword=password");
        var shown = run(system, "consent", "show", "--patient", "bob", "--data-dir", data(), "--tls");
        assertThat(shown.status()).as(shown.err()).isZero();
        var elsewhere = run("consent", "show", "--patient", "bob", "--data-dir", data(), "--tls");
        assertThat(elsewhere.status()).isEqualTo(1);
        assertThat(elsewhere.err()).contains("no plane answers").doesNotContain("\tat ");
    }

    @Test
    void does_not_hear_those_who_do_not_encrypt() throws Exception {
        var plain = run("consent", "show", "--patient", "ada", "--data-dir", data());
        assertThat(plain.status()).isEqualTo(1);
        assertThat(plain.err()).contains("UNAVAILABLE").doesNotContain("\tat ");
    }

    @Test
    void knows_a_device_by_its_certificate_even_where_its_own_key_is_at_hand() throws Exception {
        var one = simulate("1");
        assertThat(one.status()).as(one.err()).isZero();
        assertThat(one.out()).contains("accepted");
        var trail = run(
                "audit",
                "list",
                "--json",
                "--subject",
                DEVICE,
                "--data-dir",
                data(),
                "--ca",
                file("ca.crt").toString());
        assertThat(trail.out()).contains("\"" + DEVICE + "\"").contains("PERMITTED");
        var two = simulate("2");
        assertThat(two.out() + two.err())
                .as("the other device is another")
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
                data(),
                "--ca",
                file("ca.crt").toString(),
                "--cert",
                file("device.crt").toString(),
                "--key",
                file("device.key").toString());
    }

    @ParameterizedTest
    @CsvSource({"--ca nowhere.crt, nowhere.crt", "--ca nonsense, certificates", "--cert device.crt, --key"})
    void says_in_one_line_what_is_wrong_with_certificates(String options, String why) throws Exception {
        var option = options.split(" ");
        var run = run(
                "consent",
                "show",
                "--patient",
                "ada",
                option[0],
                file(option[1]).toString());
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains(why).doesNotContain("\tat ");
    }

    @Test
    void shows_a_renewed_certificate_soon() throws Exception {
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
        var address = plane.target().split(":");
        try (var socket =
                (SSLSocket) context.getSocketFactory().createSocket(address[0], Integer.parseInt(address[1]))) {
            var parameters = socket.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"h2"});
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    @Test
    void listens_beyond_loopback_without_tls_when_it_is_told_to_in_so_many_words() throws Exception {
        var refused = start("quarkus.grpc.server.host=0.0.0.0");
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.err().lines())
                .singleElement()
                .asString()
                .contains("gRPC would listen on 0.0.0.0 without TLS")
                .contains("pulseplane.gate.tls-configuration-name")
                .contains("pulseplane.gate.plaintext-beyond-loopback=true");
        try (var told = Program.Plane.serve(
                file("told"), "quarkus.grpc.server.host=0.0.0.0", "pulseplane.gate.plaintext-beyond-loopback=true")) {
            assertThat(told.log()).contains("gRPC listens on 0.0.0.0:").contains("without TLS");
        }
    }

    /** Names of files are those of this test. */
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
                        + " | anybody could be any device",
                "pulseplane.gate.tls-configuration-name=a quarkus.tls.a.trust-store.pem.certs=FILE/ca.crt"
                        + " | it has no key-store",
                "pulseplane.gate.local-networks=127.0.0.0/8,everywhere   | 'everywhere' is no network",
                "pulseplane.policy.directory=FILE/nowhere                | neither policy.wasm nor bundle.tar.gz",
                "pulseplane.token.jwks=FILE/nowhere                      | cannot be read from FILE/nowhere",
                "pulseplane.data-dir=FILE/open                           | token.key has mode rw-r--r--",
                "pulseplane.gate.max-idle=0s                             | max connection idle must be positive",
                "pulseplane.audit.mode=loud                              | pulseplane.audit.mode",
                "pulseplane.audit.directory=FILE/nonsense                | the audit trail cannot be written",
                "quarkus.grpc.server.use-separate-server=false           | past the bounds of the gate"
            })
    void says_in_one_line_what_is_wrong_with_its_configuration(String properties, String why) throws Exception {
        var run = start(properties.replace("FILE", files.toString()).split(" "));
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .startsWith("pulseplane did not start: ")
                .contains(why.replace("FILE", files.toString()));
        assertThat(run.out()).doesNotContain("\tat ").doesNotContain("ERROR");
    }

    private static Program.Run start(String... properties) throws Exception {
        var fresh = Files.createTempDirectory(files, "data");
        return Program.run(Stream.concat(
                        Program.ANY_PORTS.stream(),
                        Stream.concat(Stream.of("pulseplane.data-dir=" + fresh), Stream.of(properties)))
                .toList());
    }
}
