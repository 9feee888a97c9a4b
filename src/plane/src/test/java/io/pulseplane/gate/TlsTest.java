package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.pulseplane.ReadingFixtures;
import io.pulseplane.TestCertificate;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.v1.IngestServiceGrpc;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.quarkus.tls.CertificateUpdatedEvent;
import io.quarkus.tls.TlsConfigurationRegistry;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The plane speaks TLS, and devices show certificates. */
@QuarkusTest
@TestProfile(TlsTest.Profile.class)
@WithTestResource(TlsFiles.class)
class TlsTest extends ServedPlane {

    public static final class Profile implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "quarkus.tls.gate.protocols", "TLSv1.3,TLSv1.2",
                    "quarkus.grpc.server.handshake-timeout", "2s");
        }
    }

    /** The messages of gRPC for a connection that failed. */
    private static final List<String> NO_CONNECTION = List.of("ssl exception", "io exception");

    /** Set by {@link TlsFiles}. */
    Path files;

    @Inject
    TlsConfigurationRegistry registry;

    @Inject
    Event<CertificateUpdatedEvent> updated;

    private TestCertificate authority;
    private TestCertificate devices;

    @BeforeEach
    void load() throws Exception {
        authority = TestCertificate.load(files.resolve(TlsFiles.AUTHORITY));
        devices = TestCertificate.load(files.resolve(TlsFiles.DEVICES));
    }

    private Channel showing(KeyManager... keys) throws Exception {
        var credentials = TlsChannelCredentials.newBuilder()
                .trustManager(authority.trustManagerFactory().getTrustManagers());
        if (keys.length > 0) {
            credentials.keyManager(keys);
        }
        return keep(NettyChannelBuilder.forAddress("localhost", server.getPort(), credentials.build())
                .build());
    }

    private Channel showing(TestCertificate certificate) throws Exception {
        return showing(new FixedKeyManager(certificate));
    }

    private static CallResult put(Channel channel, String device) {
        return CallResult.of(channel, IngestServiceGrpc.getPutReadingsMethod(), readings(device));
    }

    /** Opens a connection with TLS alone, without gRPC. */
    private SSLSocket handshake(List<String> protocols, String... applications) throws Exception {
        var context = SSLContext.getInstance("TLS");
        context.init(null, authority.trustManagerFactory().getTrustManagers(), null);
        var socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", server.getPort());
        socket.setSoTimeout((int) ReadingFixtures.TIMEOUT.toMillis());
        var parameters = socket.getSSLParameters();
        parameters.setProtocols(protocols.toArray(String[]::new));
        parameters.setApplicationProtocols(applications);
        parameters.setServerNames(List.of(new SNIHostName("localhost")));
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void agrees_on_http2(String protocol) throws Exception {
        try (var socket = handshake(List.of(protocol), "h2")) {
            assertThat(socket.getSession().getProtocol()).isEqualTo(protocol);
            assertThat(socket.getApplicationProtocol()).isEqualTo("h2");
        }
    }

    @Test
    void closes_a_connection_with_another_protocol() throws Exception {
        try (var socket = handshake(List.of("TLSv1.3"))) {
            socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertClosed(socket);
        }
    }

    @Test
    void does_not_answer_without_encryption() throws Exception {
        var plain = keep(NettyChannelBuilder.forAddress("localhost", server.getPort())
                .usePlaintext()
                .build());
        assertThat(patients(plain).code()).isEqualTo(Status.Code.UNAVAILABLE);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 10})
    void closes_a_connection_whose_handshake_does_not_go_on(int bytes) throws Exception {
        try (var socket = new Socket("localhost", server.getPort())) {
            socket.setSoTimeout((int) ReadingFixtures.TIMEOUT.toMillis());
            // The beginning of a ClientHello.
            socket.getOutputStream().write(new byte[] {22, 3, 1, 1, 0, 1, 0, 0, (byte) 0xFC, 3}, 0, bytes);
            assertClosed(socket);
        }
        assertThat(patients(showing()).code()).isEqualTo(Status.Code.OK);
    }

    @Test
    void closes_a_connection_that_sends_nothing_after_the_handshake() throws Exception {
        try (var socket = handshake(List.of("TLSv1.3"), "h2")) {
            assertClosed(socket);
        }
    }

    /** Reads until the server closes the connection in any way. Fails by the timeout of the socket if it does not. */
    private static void assertClosed(Socket socket) throws IOException {
        try {
            socket.getInputStream().readAllBytes();
        } catch (SSLException | SocketException reset) {
            assertThat(reset).isNotInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    void accepts_a_token_without_a_certificate() throws Exception {
        assertThat(patients(showing()).code()).isEqualTo(Status.Code.OK);
    }

    @Test
    void needs_a_certificate_or_a_token() throws Exception {
        assertThat(put(showing(), device))
                .isEqualTo(new CallResult(Status.Code.UNAUTHENTICATED, "a bearer token is required"));
    }

    @Test
    void identifies_a_device_by_its_certificate() throws Exception {
        var channel = showing(devices.issue("CN=" + device));
        assertThat(put(channel, device)).isEqualTo(new CallResult(Status.Code.OK, ""));
        assertThat(lastRecord().subject()).isEqualTo(device);
        assertThat(lastRecord().decision()).isEqualTo(Decision.PERMITTED);
        assertThat(put(channel, "another").code()).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(lastRecord().reason()).isEqualTo("not_own_device");
        assertThat(lastRecord().subject()).isEqualTo(device);
    }

    @Test
    void prefers_a_token_to_a_certificate() throws Exception {
        var channel = showing(devices.issue("CN=" + device));
        assertThat(patients(channel).code()).isEqualTo(Status.Code.OK);
        assertThat(lastRecord().subject()).isEqualTo("somebody");
    }

    @Test
    void refuses_a_certificate_that_does_not_name_one_device() throws Exception {
        var channel = showing(devices.issue("O=Clinic"));
        assertThat(put(channel, device))
                .isEqualTo(new CallResult(
                        Status.Code.UNAUTHENTICATED, "the certificate must have exactly one common name"));
        assertThat(lastRecord().reason()).isEqualTo("unauthenticated");
        assertThat(patients(channel).code()).as("a token is enough").isEqualTo(Status.Code.OK);
        assertThat(CallResult.of(channel, HealthGrpc.getCheckMethod(), HealthCheckRequest.getDefaultInstance())
                        .code())
                .isEqualTo(Status.Code.OK);
    }

    private void assertHandshakeFails(TestCertificate certificate) throws Exception {
        patients(showing());
        long before = records();
        var call = put(showing(certificate), device);
        assertThat(call.code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(call.message()).isIn(NO_CONNECTION);
        assertThat(records()).as("the call did not reach the gate").isEqualTo(before);
    }

    @Test
    void refuses_certificates_of_another_authority() throws Exception {
        var impostor = TestCertificate.certificateAuthority("CN=Devices CA");
        assertHandshakeFails(impostor.issue("CN=" + device));
        assertHandshakeFails(TestCertificate.selfSigned("CN=" + device));
    }

    @Test
    void refuses_device_certificates_of_the_authority_of_the_server() throws Exception {
        assertHandshakeFails(authority.issue("CN=" + device));
    }

    @Test
    void refuses_a_certificate_outside_its_time() throws Exception {
        assertHandshakeFails(devices.issue("CN=" + device, List.of("-startdate", "-9d", "-validity", "5")));
        assertHandshakeFails(devices.issue("CN=" + device, List.of("-startdate", "+5d", "-validity", "9")));
    }

    @Test
    void refuses_a_certificate_for_another_use() throws Exception {
        assertHandshakeFails(devices.issue("CN=" + device, "eku=serverAuth"));
    }

    @Test
    void refuses_a_revoked_certificate() throws Exception {
        assertHandshakeFails(TestCertificate.load(files.resolve(TlsFiles.STOLEN)));
    }

    @Test
    void shows_a_renewed_certificate_to_new_connections() throws Exception {
        var before = showing();
        assertThat(patients(before).code()).isEqualTo(Status.Code.OK);
        var first = serverCertificate();
        var renewed = authority.issue("CN=localhost", "san=dns:localhost");

        renewed.writeCertificate(files.resolve("server.crt"));
        reload();
        assertThat(serverCertificate())
                .as("a certificate without its key is not used")
                .isEqualTo(first);

        renewed.writeKey(files.resolve("server.key"));
        reload();
        assertThat(serverCertificate()).isEqualTo(renewed.certificate());
        assertThat(patients(before).code()).as("an open connection stays").isEqualTo(Status.Code.OK);
        assertThat(put(showing(devices.issue("CN=" + device)), device).code()).isEqualTo(Status.Code.OK);
    }

    private Certificate serverCertificate() throws Exception {
        try (var socket = handshake(List.of("TLSv1.3"), "h2")) {
            return socket.getSession().getPeerCertificates()[0];
        }
    }

    /** Does what the registry does after its reload period. */
    private void reload() {
        var configuration = registry.get("gate").orElseThrow();
        assertThat(configuration.reload()).isTrue();
        updated.fire(new CertificateUpdatedEvent("gate", configuration));
    }
}
