package io.pulseplane.loadtest.client;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Connections to one server. They share one event loop, so that counters on it need no lock. */
final class ClientConnections implements AutoCloseable {

    private final NioEventLoopGroup loop = new NioEventLoopGroup(1);
    private final List<ManagedChannel> channels;

    ClientConnections(int port, int count) {
        channels = IntStream.range(0, count)
                .mapToObj(_ -> NettyChannelBuilder.forAddress("127.0.0.1", port)
                        .usePlaintext()
                        .directExecutor()
                        .eventLoopGroup(loop)
                        .channelType(NioSocketChannel.class)
                        .maxInboundMessageSize(64 << 20)
                        .build())
                .toList();
    }

    Channel channel(long number) {
        return channels.get((int) (number % channels.size()));
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
