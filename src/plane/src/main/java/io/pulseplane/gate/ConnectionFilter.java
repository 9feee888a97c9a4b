package io.pulseplane.gate;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.pulseplane.gate.token.Identity;
import io.pulseplane.vitals.PlaneException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import javax.net.ssl.SSLSession;

/** Looks at connections when they are made: who it is, whether data may go there, and whether there are too many. */
public final class ConnectionFilter extends ServerTransportFilter {

    private final List<Network> localNetworks;
    private final int maxPerAddress;
    private final Function<SSLSession, Identity> identities;
    private final GateEvents events;

    /** Addresses with a connection, and how many; so it is bounded by the connections there are. */
    private final Map<InetAddress, Integer> connectionsByAddress = new ConcurrentHashMap<>();

    /**
     * @param local where data may go
     * @param maxPerAddress how many connections one address may have
     * @param certificates who a client's certificate says it is; throws {@link PlaneException.Unauthenticated}
     */
    public ConnectionFilter(
            List<Network> local, int maxPerAddress, Function<SSLSession, Identity> certificates, GateEvents events) {
        this.localNetworks = List.copyOf(local);
        this.maxPerAddress = maxPerAddress;
        this.identities = certificates;
        this.events = events;
    }

    /** Ends the connection, by throwing, if its address has too many. */
    @Override
    public Attributes transportReady(Attributes attributes) {
        var peer = connectionOf(attributes);
        peer.address().ifPresent(this::admit);
        return attributes.toBuilder().set(ClientConnection.KEY, peer).build();
    }

    private void admit(InetAddress address) {
        int connections = connectionsByAddress.merge(address, 1, Integer::sum);
        if (connections > maxPerAddress) {
            release(address);
            events.connectionRefused();
            throw Status.RESOURCE_EXHAUSTED
                    .withDescription("too many connections from this address")
                    .asRuntimeException();
        }
    }

    @Override
    public void transportTerminated(Attributes attributes) {
        // A connection that was refused, or ended before it was ready, has no peer and was not counted.
        var peer = attributes == null ? null : attributes.get(ClientConnection.KEY);
        if (peer != null) {
            peer.address().ifPresent(this::release);
        }
    }

    private void release(InetAddress address) {
        connectionsByAddress.computeIfPresent(address, (_, connections) -> connections == 1 ? null : connections - 1);
    }

    private ClientConnection connectionOf(Attributes attributes) {
        var certified = Identity.anonymous();
        Optional<PlaneException> fault = Optional.empty();
        var session = attributes.get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
        try {
            certified = session == null ? certified : identities.apply(session);
        } catch (PlaneException.Unauthenticated notADevice) {
            fault = Optional.of(notADevice);
        }
        if (attributes.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress socket
                && socket.getAddress() != null) {
            var address = socket.getAddress();
            boolean isLocal = localNetworks.stream().anyMatch(network -> network.contains(address));
            var text = address.getHostAddress() + ":" + socket.getPort();
            return ClientConnection.of(Optional.of(address), text, isLocal, certified, fault);
        }
        return ClientConnection.of(Optional.empty(), "", false, certified, fault);
    }
}
