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
            new Identity("monitor", List.of("device"), "local", "monitor", "", Long.MAX_VALUE, "certificate", "");

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
        public void callEnded() {
            throw new AssertionError("nothing ends before there is a call");
        }
    };

    private final ConnectionFilter connections =
            new ConnectionFilter(List.of(Network.parse("10.0.0.0/8")), MAX, _ -> MONITOR, events);

    private SSLSession session;

    @BeforeEach
    void makeSession() throws Exception {
        session = SSLContext.getDefault().createSSLEngine().getSession();
    }

    private Attributes connect(SocketAddress from) {
        return connections.transportReady(from(from));
    }

    private static Attributes from(SocketAddress address) {
        return Attributes.newBuilder()
                .set(Grpc.TRANSPORT_ATTR_REMOTE_ADDR, address)
                .build();
    }

    @Test
    void say_where_the_other_end_is_and_whether_data_may_go_there() {
        var near = connect(NEAR).get(ClientConnection.KEY);
        assertThat(near.auditText()).isEqualTo("10.1.2.3:4000");
        assertThat(near.isLocal()).isTrue();
        assertThat(near.certifiedIdentity().isAnonymous()).isTrue();
        assertThat(near.certificateFault()).isEmpty();
        assertThat(connect(FAR).get(ClientConnection.KEY).isLocal()).isFalse();
    }

    @Test
    void trust_nobody_who_comes_from_no_address() {
        for (var attributes : List.of(
                Attributes.EMPTY,
                from(new LocalAddress("pipe")),
                from(InetSocketAddress.createUnresolved("10.1.2.3", 1)))) {
            var peer = connections.transportReady(attributes).get(ClientConnection.KEY);
            assertThat(peer.isLocal()).isFalse();
            assertThat(peer.address()).isEmpty();
        }
    }

    @Test
    void are_refused_beyond_those_an_address_may_have_until_one_goes() {
        var first = connect(NEAR);
        connect(NEAR);
        assertThatThrownBy(() -> connect(NEAR))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        tooMany -> assertThat(tooMany.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
        assertThat(refused).hasValue(1);
        assertThat(connect(FAR).get(ClientConnection.KEY))
                .as("of another address")
                .isNotNull();
        connections.transportTerminated(from(NEAR));
        connections.transportTerminated(null);
        assertThatThrownBy(() -> connect(NEAR))
                .as("one that was refused makes no room when it goes")
                .isInstanceOf(StatusRuntimeException.class);
        connections.transportTerminated(first);
        assertThat(connect(NEAR).get(ClientConnection.KEY)).isNotNull();
    }

    @Test
    void tell_by_certificate_who_it_is() {
        var certified = from(NEAR).toBuilder()
                .set(Grpc.TRANSPORT_ATTR_SSL_SESSION, session)
                .build();
        assertThat(connections
                        .transportReady(certified)
                        .get(ClientConnection.KEY)
                        .certifiedIdentity())
                .isEqualTo(MONITOR);
    }

    @Test
    void keep_what_is_wrong_with_a_certificate_for_those_who_ask() {
        var fault = new PlaneException.Unauthenticated("the certificate names no device");
        var strict = new ConnectionFilter(
                List.of(),
                MAX,
                _ -> {
                    throw fault;
                },
                events);
        var peer = strict.transportReady(from(NEAR).toBuilder()
                        .set(Grpc.TRANSPORT_ATTR_SSL_SESSION, session)
                        .build())
                .get(ClientConnection.KEY);
        assertThat(peer.certifiedIdentity().isAnonymous()).isTrue();
        assertThat(peer.certificateFault()).containsSame(fault);
    }
}
