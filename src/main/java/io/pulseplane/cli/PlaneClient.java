package io.pulseplane.cli;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Option;

/** Options of every command that talks to a plane, and the channel they describe. */
final class PlaneClient {

    private static final int CLOSING_SECONDS = 5;

    @Option(
            names = "--target",
            paramLabel = "HOST:PORT",
            defaultValue = "localhost:9000",
            description = "The plane to talk to. Default: ${DEFAULT-VALUE}")
    private String target;

    @Option(names = "--json", description = "Print each response message as one line of proto3 JSON.")
    private boolean json;

    boolean json() {
        return json;
    }

    /** Work with an open channel. */
    @FunctionalInterface
    interface Work {
        int run(ManagedChannel channel) throws Exception;
    }

    /** Opens the channel, works, closes it. */
    int with(Work work) throws Exception {
        var channel = NettyChannelBuilder.forTarget(target).usePlaintext().build();
        try {
            return work.run(channel);
        } finally {
            channel.shutdown();
            if (!channel.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS)) {
                channel.shutdownNow();
            }
        }
    }
}
