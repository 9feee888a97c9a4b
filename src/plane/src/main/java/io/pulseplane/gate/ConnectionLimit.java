package io.pulseplane.gate;

import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiator.ProtocolNegotiator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AsciiString;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Limits the connections of each address and of all addresses together, and counts them before their handshake. Closes
 * a connection beyond the limits without a word. Counts handshakes that fail.
 *
 * <p>The {@link ConnectionFilter} allows an address half as many, and tells the client why it is refused, which it can
 * only do after the handshake.
 */
public final class ConnectionLimit implements ProtocolNegotiator {

    private static final int EXCESS_FACTOR = 2;

    private final ProtocolNegotiator negotiator;
    private final int maxPerAddress;
    private final int max;
    private final GateEvents events;

    private final AtomicInteger connections = new AtomicInteger();

    /** Has addresses with at least one connection only. */
    private final Map<InetAddress, Integer> connectionsByAddress = new ConcurrentHashMap<>();

    /**
     * @param negotiator does the handshake
     * @param maxPerAddress how many connections with a handshake one address may have
     * @param max how many connections there may be
     */
    public ConnectionLimit(ProtocolNegotiator negotiator, int maxPerAddress, int max, GateEvents events) {
        this.negotiator = negotiator;
        this.maxPerAddress = maxPerAddress;
        this.max = max;
        this.events = events;
    }

    int connections() {
        return connections.get();
    }

    @Override
    public AsciiString scheme() {
        return negotiator.scheme();
    }

    @Override
    public ChannelHandler newHandler(GrpcHttp2ConnectionHandler connection) {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void handlerAdded(ChannelHandlerContext context) {
                if (admit(context)) {
                    context.pipeline().replace(this, null, negotiator.newHandler(connection));
                    context.channel().closeFuture().addListener(_ -> countFailedHandshake(context.channel()));
                } else {
                    events.connectionRefused();
                    context.close();
                }
            }
        };
    }

    /** The negotiator adds the handler of TLS late, and it stays until the channel is closed. */
    private void countFailedHandshake(Channel channel) {
        var tls = channel.pipeline().get(SslHandler.class);
        if (tls != null && !tls.handshakeFuture().isSuccess()) {
            events.handshakeFailed();
        }
    }

    private boolean admit(ChannelHandlerContext context) {
        var address =
                context.channel().remoteAddress() instanceof InetSocketAddress socket ? socket.getAddress() : null;
        boolean isAdmitted = connections.incrementAndGet() <= max;
        if (address != null) {
            isAdmitted &= connectionsByAddress.merge(address, 1, Integer::sum) <= (long) EXCESS_FACTOR * maxPerAddress;
        }
        context.channel().closeFuture().addListener(_ -> release(address));
        return isAdmitted;
    }

    private void release(InetAddress address) {
        connections.decrementAndGet();
        if (address != null) {
            connectionsByAddress.computeIfPresent(address, (_, count) -> count == 1 ? null : count - 1);
        }
    }

    @Override
    public void close() {
        negotiator.close();
    }
}
