package io.pulseplane.gate.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.TestCertificate;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The identities of devices by their certificates. */
class ClientCertificatesTest {

    private static TestCertificate monitor;

    /** An hour from now. The certificates are made while the tests run, and they are valid for days. */
    private final AtomicLong clock = new AtomicLong((System.currentTimeMillis() + 3_600_000) * 1_000);

    private final ClientCertificates certificates = new ClientCertificates("clinic", clock::get);

    @BeforeAll
    static void make() throws Exception {
        monitor = TestCertificate.selfSigned("CN=monitor-7, OU=Ward 3, O=Clinic, C=DE");
    }

    private static X509Certificate certificate(String subject) throws Exception {
        return TestCertificate.selfSigned(subject).certificate();
    }

    @Test
    void identify_a_device_by_their_common_name() throws Exception {
        var identity = certificates.identityOf(monitor.certificate());
        assertThat(identity.subject()).isEqualTo("monitor-7");
        assertThat(identity.deviceId()).isEqualTo("monitor-7");
        assertThat(identity.roles()).containsExactly("device");
        assertThat(identity.tenant()).isEqualTo("clinic");
        assertThat(identity.patientId()).isEmpty();
        assertThat(identity.expiresUs())
                .isEqualTo(monitor.certificate().getNotAfter().getTime() * 1_000);
        assertThat(identity.keyId()).startsWith("x5t#S256:").hasSize("x5t#S256:".length() + 43);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CN=monitor\\, 7                | monitor, 7",
                "CN=CN\\=admin                  | CN=admin",
                "OU=CN\\=admin + CN=m1, O=Clinic | m1",
                "O=Clinic, CN=Überwachung 1     | Überwachung 1"
            })
    void may_have_any_printable_character_in_the_name(String subject, String device) throws Exception {
        assertThat(certificates.identityOf(certificate(subject)).deviceId()).isEqualTo(device);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "O=Clinic                       | the certificate must have exactly one common name",
                "CN=a, CN=b                     | the certificate must have exactly one common name",
                "CN=a + CN=b, O=Clinic          | the certificate must have exactly one common name",
                "OU=CN\\=a, O=Clinic            | the certificate must have exactly one common name",
                "CN=a\\0Ab | the common name of the certificate must consist of printable characters, U+000A is none"
            })
    void are_refused_without_exactly_one_valid_name(String subject, String message) throws Exception {
        var certificate = certificate(subject);
        assertThatThrownBy(() -> certificates.identityOf(certificate))
                .isInstanceOf(PlaneException.Unauthenticated.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "                     | yes",
                "EKU=clientAuth       | yes",
                "EKU=serverAuth,clientAuth | yes",
                "EKU=anyExtendedKeyUsage | yes",
                "KU=digitalSignature  | yes",
                "EKU=serverAuth       | the certificate is not for clients (extended key usage)",
                "EKU=timeStamping     | the certificate is not for clients (extended key usage)",
                "KU=keyEncipherment   | the certificate is not for digital signatures",
                "KU=keyCertSign,digitalSignature | the certificate is one of an authority, and not of a device",
                "BC=ca:true           | the certificate is one of an authority, and not of a device",
                "BC=ca:true,pathlen:0 | the certificate is one of an authority, and not of a device",
                "BC=ca:false          | yes"
            })
    void must_be_of_a_client_and_of_no_authority(String extension, String expected) throws Exception {
        var made = extension == null
                ? TestCertificate.selfSigned("CN=monitor-7")
                : TestCertificate.selfSigned("CN=monitor-7", extension);
        if (expected.equals("yes")) {
            assertThat(certificates.identityOf(made.certificate()).deviceId()).isEqualTo("monitor-7");
        } else {
            assertThatThrownBy(() -> certificates.identityOf(made.certificate()))
                    .isInstanceOf(PlaneException.Unauthenticated.class)
                    .hasMessage(expected);
        }
    }

    @Test
    void are_refused_outside_their_time() throws Exception {
        var certificate = monitor.certificate();
        clock.set(certificate.getNotAfter().getTime() * 1_000);
        assertThatThrownBy(() -> certificates.identityOf(certificate))
                .isInstanceOf(PlaneException.Unauthenticated.class)
                .hasMessage("the certificate has expired");
        clock.set(certificate.getNotBefore().getTime() * 1_000 - 1);
        assertThatThrownBy(() -> certificates.identityOf(certificate))
                .isInstanceOf(PlaneException.Unauthenticated.class)
                .hasMessage("the certificate is not valid yet");
        clock.addAndGet(Duration.ofDays(1).toMillis() * 1_000);
        assertThat(certificates.identityOf(certificate).isAnonymous()).isFalse();
    }

    @Test
    void are_read_from_a_session_and_may_be_missing() throws Exception {
        assertThat(certificates.identityOf(session(true)).deviceId()).isEqualTo("monitor-7");
        assertThat(certificates.identityOf(session(false)).isAnonymous()).isTrue();
    }

    /** The server's session with a client. The server asks for its certificate if the handshake is mutual. */
    private static SSLSession session(boolean mutual) throws Exception {
        var context = monitor.sslContext();
        try (var server = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            server.setNeedClientAuth(mutual);
            var session = CompletableFuture.supplyAsync(() -> {
                try (var socket = (SSLSocket) server.accept()) {
                    return socket.getSession();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            try (var client = (SSLSocket)
                    context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), server.getLocalPort())) {
                client.startHandshake();
                return session.get(30, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void of_the_same_device_have_different_key_ids() throws Exception {
        var other = TestCertificate.selfSigned("CN=monitor-7", List.of("-validity", "1"));
        assertThat(certificates.identityOf(other.certificate()).keyId())
                .isNotEqualTo(certificates.identityOf(monitor.certificate()).keyId());
    }
}
