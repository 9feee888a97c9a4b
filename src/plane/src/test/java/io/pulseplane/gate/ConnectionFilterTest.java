package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.netty.channel.local.LocalAddress;
import io.pulseplane.gate.token.Identity;
import io.pulseplane.vitals.PlaneException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConnectionFilterTest {

    private static final int MAX = 2;
    private static final SocketAddress NEAR = new InetSocketAddress(InetAddress.ofLiteral("10.1.2.3"), 4_000);
    private static final SocketAddress FAR = new InetSocketAddress(InetAddress.ofLiteral("203.0.113.9"), 4_001);
    private static final Identity MONITOR =
            new Identity("monitor", List.of("device"), "local", "monitor", "", Long.MAX_VALUE, 0, "certificate", "");

    private final AtomicInteger refused = new AtomicInteger();
    private final GateEvents events = new GateEvents() {
        @Override
        public void decided(String action, Outcome outcome) {
            throw new AssertionError("nothing is decided on before there is a call");
        }

        @Override
        public void connectionRefused() {
            refused.incrementAndGet();
        }

        @Override
        public void handshakeFailed() {
            throw new AssertionError("there is no handshake here");
        }

        @Override
        public void callEnded() {
            throw new AssertionError("nothing ends before there is a call");
        }
    };

    private final ConnectionFilter filter =
            new ConnectionFilter(List.of(Network.parse("10.0.0.0/8")), MAX, _ -> MONITOR, events);

    private SSLSession session;

    @BeforeEach
    void makeSession() throws Exception {
        session = SSLContext.getDefault().createSSLEngine().getSession();
    }

    private Attributes connect(SocketAddress address) {
        return filter.transportReady(from(address));
    }

    private static Attributes from(SocketAddress address) {
        return Attributes.newBuilder()
                .set(Grpc.TRANSPORT_ATTR_REMOTE_ADDR, address)
                .build();
    }

    @Test
    void notes_the_address_and_whether_it_is_local() {
        var near = connect(NEAR).get(ClientConnection.KEY);
        assertThat(near.auditText()).isEqualTo("10.1.2.3:4000");
        assertThat(near.isLocal()).isTrue();
        assertThat(near.certifiedIdentity().isAnonymous()).isTrue();
        assertThat(near.certificateFault()).isEmpty();
        assertThat(connect(FAR).get(ClientConnection.KEY).isLocal()).isFalse();
    }

    @Test
    void treats_a_client_without_an_address_as_not_local() {
        for (var attributes : List.of(
                Attributes.EMPTY,
                from(new LocalAddress("pipe")),
                from(InetSocketAddress.createUnresolved("10.1.2.3", 1)))) {
            var connection = filter.transportReady(attributes).get(ClientConnection.KEY);
            assertThat(connection.isLocal()).isFalse();
            assertThat(connection.address()).isEmpty();
        }
    }

    @Test
    void refuses_an_address_with_too_many_connections_until_one_ends() {
        var first = connect(NEAR);
        connect(NEAR);
        assertThatThrownBy(() -> connect(NEAR))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        tooMany -> assertThat(tooMany.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
        assertThat(refused).hasValue(1);
        assertThat(connect(FAR).get(ClientConnection.KEY))
                .as("a connection of another address")
                .isNotNull();
        filter.transportTerminated(from(NEAR));
        filter.transportTerminated(null);
        assertThatThrownBy(() -> connect(NEAR))
                .as("a refused connection makes no room when it ends")
                .isInstanceOf(StatusRuntimeException.class);
        filter.transportTerminated(first);
        assertThat(connect(NEAR).get(ClientConnection.KEY)).isNotNull();
    }

    @Test
    void identifies_a_client_by_its_certificate() {
        var certified = from(NEAR).toBuilder()
                .set(Grpc.TRANSPORT_ATTR_SSL_SESSION, session)
                .build();
        assertThat(filter.transportReady(certified).get(ClientConnection.KEY).certifiedIdentity())
                .isEqualTo(MONITOR);
    }

    @Test
    void keeps_the_fault_of_a_certificate() {
        var fault = new PlaneException.Unauthenticated("the certificate names no device");
        var strict = new ConnectionFilter(
                List.of(),
                MAX,
                _ -> {
                    throw fault;
                },
                events);
        var connection = strict.transportReady(from(NEAR).toBuilder()
                        .set(Grpc.TRANSPORT_ATTR_SSL_SESSION, session)
                        .build())
                .get(ClientConnection.KEY);
        assertThat(connection.certifiedIdentity().isAnonymous()).isTrue();
        assertThat(connection.certificateFault()).containsSame(fault);
    }
}
