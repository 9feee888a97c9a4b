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

/**
 * Checks new connections: identifies the client by its certificate, finds out whether answers may go to its address,
 * and refuses connections of an address that has too many.
 */
public final class ConnectionFilter extends ServerTransportFilter {

    private final List<Network> localNetworks;
    private final int maxPerAddress;
    private final Function<SSLSession, Identity> identities;
    private final GateEvents events;

    /** Has addresses with at least one connection only, so its size is bounded by the number of connections. */
    private final Map<InetAddress, Integer> connectionsByAddress = new ConcurrentHashMap<>();

    /**
     * @param localNetworks networks that answers may go to
     * @param maxPerAddress how many connections one address may have
     * @param identities gives the identity by a client's certificate; throws {@link PlaneException.Unauthenticated} if
     *     the certificate is not a valid one of a device
     */
    public ConnectionFilter(
            List<Network> localNetworks,
            int maxPerAddress,
            Function<SSLSession, Identity> identities,
            GateEvents events) {
        this.localNetworks = List.copyOf(localNetworks);
        this.maxPerAddress = maxPerAddress;
        this.identities = identities;
        this.events = events;
    }

    /** Throws, which ends the connection, if its address has too many. */
    @Override
    public Attributes transportReady(Attributes attributes) {
        var connection = connectionOf(attributes);
        connection.address().ifPresent(this::admit);
        return attributes.toBuilder().set(ClientConnection.KEY, connection).build();
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
        // A connection that was refused, or that ended before it was ready, has no such attribute and was not counted.
        var connection = attributes == null ? null : attributes.get(ClientConnection.KEY);
        if (connection != null) {
            connection.address().ifPresent(this::release);
        }
    }

    private void release(InetAddress address) {
        connectionsByAddress.computeIfPresent(address, (_, connections) -> connections == 1 ? null : connections - 1);
    }

    private ClientConnection connectionOf(Attributes attributes) {
        var identity = Identity.anonymous();
        Optional<PlaneException> certificateFault = Optional.empty();
        var session = attributes.get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
        try {
            identity = session == null ? identity : identities.apply(session);
        } catch (PlaneException.Unauthenticated fault) {
            certificateFault = Optional.of(fault);
        }
        if (attributes.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress socket
                && socket.getAddress() != null) {
            var address = socket.getAddress();
            boolean isLocal = localNetworks.stream().anyMatch(network -> network.contains(socket));
            var auditText = address.getHostAddress() + ":" + socket.getPort();
            return ClientConnection.of(Optional.of(address), auditText, isLocal, identity, certificateFault);
        }
        return ClientConnection.of(Optional.empty(), "", false, identity, certificateFault);
    }
}
