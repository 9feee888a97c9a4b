package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Server;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.NettyServerBuilder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.pulseplane.TestCertificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connections that never finish, or never begin, a handshake. */
class ConnectionLimitTest {

    private static final int MAX_PER_ADDRESS = 5;
    private static final int MAX = 14;

    private final RecordingGateEvents events = new RecordingGateEvents();
    private final List<Socket> sockets = new ArrayList<>();
    private final ConnectionLimit limit =
            new ConnectionLimit(InternalProtocolNegotiators.serverTls(tls()), MAX_PER_ADDRESS, MAX, events);
    private final Server server = serve();

    private static SslContext tls() {
        try {
            var keys = KeyManagerFactory.getInstance("PKIX");
            keys.init(TestCertificate.selfSigned("CN=plane").keyStore(), "password".toCharArray());
            return GrpcSslContexts.configure(SslContextBuilder.forServer(keys), SslProvider.JDK)
                    .build();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private Server serve() {
        try {
            return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .protocolNegotiator(limit)
                    .build()
                    .start();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void stop() throws IOException {
        for (var socket : sockets) {
            socket.close();
        }
        server.shutdownNow();
    }

    private Socket connectFrom(int host) throws IOException {
        var socket = new Socket();
        socket.bind(new InetSocketAddress("127.0.0." + host, 0));
        socket.connect(new InetSocketAddress("127.0.0.1", server.getPort()), 5_000);
        socket.setSoTimeout(5_000);
        sockets.add(socket);
        return socket;
    }

    private static boolean isClosedByServer(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException _) {
            return true;
        } catch (SocketTimeoutException _) {
            return false;
        }
    }

    private void awaitConnections(int count) {
        Awaitility.await().until(() -> limit.connections() == count);
    }

    @Test
    void of_one_address_are_closed_beyond_twice_what_it_may_have() throws IOException {
        for (int i = 0; i < 2 * MAX_PER_ADDRESS; i++) {
            connectFrom(1);
        }
        awaitConnections(2 * MAX_PER_ADDRESS);
        assertThat(isClosedByServer(connectFrom(1))).isTrue();
        assertThat(events.entries()).containsExactly("connection refused");
        awaitConnections(2 * MAX_PER_ADDRESS);

        var other = connectFrom(2);
        awaitConnections(2 * MAX_PER_ADDRESS + 1);
        other.setSoTimeout(200);
        assertThat(isClosedByServer(other)).isFalse();
    }

    @Test
    void that_end_before_their_handshake_are_counted() throws IOException {
        connectFrom(1).getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        awaitFailedHandshakes(1);
        var silent = connectFrom(2);
        awaitConnections(1);
        silent.close();
        awaitFailedHandshakes(2);
    }

    private void awaitFailedHandshakes(int count) {
        Awaitility.await()
                .untilAsserted(() -> assertThat(events.entries()).hasSize(count).containsOnly("handshake failed"));
    }

    @Test
    void of_all_addresses_are_closed_beyond_the_total() throws IOException {
        for (int i = 0; i < MAX; i++) {
            connectFrom(1 + i % 7);
        }
        awaitConnections(MAX);
        assertThat(isClosedByServer(connectFrom(9))).isTrue();
        sockets.removeFirst().close();
        awaitConnections(MAX - 1);
        var next = connectFrom(9);
        awaitConnections(MAX);
        next.setSoTimeout(200);
        assertThat(isClosedByServer(next)).isFalse();
    }
}
