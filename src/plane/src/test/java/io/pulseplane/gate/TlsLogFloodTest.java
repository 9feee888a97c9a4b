package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import io.pulseplane.ReadingFixtures;
import io.pulseplane.TestCertificate;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Handshakes that fail are counted. Whoever causes them needs no credentials, so they say nothing in the log. */
@QuarkusTest
@TestProfile(TlsLogFloodTest.Profile.class)
@WithTestResource(TlsFiles.class)
class TlsLogFloodTest extends ServedPlane {

    /** Not a path: {@link TlsFiles} sets those. */
    private static final String LOG = "target/tls-log-flood.log";

    private static final int ROUNDS = 50;

    /** Lines for the few kinds of one abuse. */
    private static final int MAX_LINES = 5;

    public static final class Profile implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "quarkus.log.file.enabled", "true",
                    "quarkus.log.file.path", LOG,
                    "quarkus.log.file.filter", "plane",
                    "quarkus.log.file.json.enabled", "false",
                    "quarkus.log.console.enabled", "false",
                    "quarkus.tls.gate.protocols", "TLSv1.3,TLSv1.2",
                    "quarkus.grpc.server.handshake-timeout", "500ms");
        }
    }

    /** Set by {@link TlsFiles}. */
    Path files;

    @Inject
    MeterRegistry meters;

    private TestCertificate authority;
    private TestCertificate devices;
    private Channel neighbour;
    private int linesBefore;

    @BeforeEach
    void connect() throws Exception {
        authority = TestCertificate.load(files.resolve(TlsFiles.AUTHORITY));
        devices = TestCertificate.load(files.resolve(TlsFiles.DEVICES));
        neighbour = keep(NettyChannelBuilder.forAddress(
                        "localhost",
                        server.getPort(),
                        TlsChannelCredentials.newBuilder()
                                .trustManager(authority.trustManagerFactory().getTrustManagers())
                                .build())
                .build());
        assertThat(patients(neighbour).code()).isEqualTo(Status.Code.OK);
        linesBefore = lines().size();
    }

    private static List<String> lines() throws IOException {
        var log = Path.of(LOG);
        return Files.exists(log) ? Files.readAllLines(log) : List.of();
    }

    private double failedHandshakes() {
        return meters.find("pulseplane.gate.handshakes.failed").counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }

    /** One connection that an abuser opens and leaves. */
    private interface Abuse {
        void run() throws Exception;
    }

    private void flood(Abuse abuse) throws Exception {
        double before = failedHandshakes();
        for (int i = 0; i < ROUNDS; i++) {
            abuse.run();
        }
        await().untilAsserted(() -> assertThat(failedHandshakes() - before).isGreaterThanOrEqualTo(ROUNDS));
        assertThat(patients(neighbour).code()).isEqualTo(Status.Code.OK);
        assertThat(lines().subList(linesBefore, lines().size()))
                .as("what the log says")
                .hasSizeLessThanOrEqualTo(MAX_LINES)
                .noneMatch(line -> line.startsWith("\tat "));
    }

    private void floodWith(TestCertificate certificate) throws Exception {
        var context = SSLContext.getInstance("TLS");
        context.init(
                new KeyManager[] {new FixedKeyManager(certificate)},
                authority.trustManagerFactory().getTrustManagers(),
                null);
        flood(() -> {
            try (var socket = open(context, "TLSv1.3", "h2")) {
                readToTheEnd(socket);
            }
        });
    }

    private SSLSocket open(SSLContext context, String protocol, String application) throws IOException {
        var socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", server.getPort());
        socket.setSoTimeout((int) ReadingFixtures.TIMEOUT.toMillis());
        var parameters = socket.getSSLParameters();
        parameters.setProtocols(new String[] {protocol});
        parameters.setApplicationProtocols(new String[] {application});
        socket.setSSLParameters(parameters);
        return socket;
    }

    private static void readToTheEnd(Socket socket) {
        try {
            socket.getInputStream().readAllBytes();
        } catch (IOException refused) {
            assertThat(refused).isNotInstanceOf(SocketTimeoutException.class);
        }
    }

    private void floodWithBytes(byte[] bytes) throws Exception {
        flood(() -> {
            try (var socket = new Socket("localhost", server.getPort())) {
                socket.getOutputStream().write(bytes);
                socket.shutdownOutput();
                readToTheEnd(socket);
            }
        });
    }

    @Test
    void certificates_that_nobody_trusts() throws Exception {
        floodWith(TestCertificate.selfSigned("CN=" + device));
    }

    @Test
    void certificates_that_have_expired() throws Exception {
        floodWith(devices.issue("CN=" + device, List.of("-startdate", "-9d", "-validity", "5")));
    }

    @Test
    void certificates_that_are_revoked() throws Exception {
        floodWith(TestCertificate.load(files.resolve(TlsFiles.STOLEN)));
    }

    @Test
    void certificates_for_another_use() throws Exception {
        floodWith(devices.issue("CN=" + device, "eku=serverAuth"));
    }

    @Test
    void clients_that_do_not_trust_the_plane() throws Exception {
        var context = SSLContext.getInstance("TLS");
        context.init(null, devices.trustManagerFactory().getTrustManagers(), null);
        flood(() -> {
            try (var socket = open(context, "TLSv1.3", "h2")) {
                socket.startHandshake();
                throw new AssertionError("the client trusts the plane");
            } catch (SSLException expected) {
                assertThat(expected).isNotNull();
            }
        });
    }

    @Test
    void requests_without_encryption() throws Exception {
        floodWithBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        floodWithBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void records_that_are_none() throws Exception {
        floodWithBytes(new byte[] {22, 3, 1, 0, 4, 1, 2, 3, 4});
    }

    @Test
    void handshakes_that_stop_half_way() throws Exception {
        floodWithBytes(new byte[] {22, 3, 1, 1, 0, 1, 0, 0, (byte) 0xFC, 3});
    }
}
