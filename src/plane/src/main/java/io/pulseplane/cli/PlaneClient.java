package io.pulseplane.cli;

import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options of every command that talks to a plane, and the channel they describe. */
final class PlaneClient {

    private static final int CLOSING_SECONDS = 5;

    /** A device's certificate, which takes the place of its token. */
    static final class Certificate {

        @Option(
                names = "--cert",
                paramLabel = "FILE",
                required = true,
                description = "A device's certificate chain (PEM), in place of a token.")
        private Path chain;

        @Option(names = "--key", paramLabel = "FILE", required = true, description = "Its private key (PEM, PKCS#8).")
        private Path key;
    }

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--target",
            paramLabel = "HOST:PORT",
            defaultValue = "localhost:9000",
            description = "The plane to talk to. Default: ${DEFAULT-VALUE}")
    private String target;

    @Option(names = "--tls", description = "Speak TLS; the plane's certificate must be one the system trusts, or --ca.")
    private boolean tls;

    @Option(names = "--ca", paramLabel = "FILE", description = "Certificates to trust (PEM); implies --tls.")
    private Path authorities;

    @ArgGroup(exclusive = false)
    private Certificate certificate;

    @Mixin
    private Credentials credentials;

    @Option(names = "--json", description = "Print each response message as one line of proto3 JSON.")
    private boolean json;

    boolean json() {
        return json;
    }

    /** Work with an open channel. */
    @FunctionalInterface
    interface Work {
        int run(Channel channel) throws Exception;
    }

    /** Work of many devices. */
    @FunctionalInterface
    interface DeviceWork {
        /** @param channels the channel of each device */
        int run(Function<String, Channel> channels) throws Exception;
    }

    /** Opens the channel, works in this role, closes it. */
    int as(String role, Work work) throws Exception {
        return with(channel -> work.run(hasCertificateOnly() ? channel : credentials.as(channel, role)));
    }

    /** Opens the channel, works as the devices that the work is of, closes it. */
    int asDevices(DeviceWork work) throws Exception {
        return with(
                channel -> work.run(device -> hasCertificateOnly() ? channel : credentials.asDevice(channel, device)));
    }

    /** Who shows a certificate wants to be known by it, not by a token made on the way. */
    private boolean hasCertificateOnly() {
        return certificate != null && !credentials.isGiven();
    }

    private int with(Work work) throws Exception {
        var channel = open();
        try {
            return work.run(channel);
        } finally {
            channel.shutdown();
            if (!channel.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS)) {
                channel.shutdownNow();
            }
        }
    }

    private ManagedChannel open() {
        try {
            return NettyChannelBuilder.forTarget(target, transport()).build();
        } catch (IOException | IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "the certificates cannot be used: " + e.getMessage());
        }
    }

    private ChannelCredentials transport() throws IOException {
        if (!tls && authorities == null && certificate == null) {
            return InsecureChannelCredentials.create();
        }
        var credentials = TlsChannelCredentials.newBuilder();
        if (authorities != null) {
            credentials.trustManager(authorities.toFile());
        }
        if (certificate != null) {
            credentials.keyManager(certificate.chain.toFile(), certificate.key.toFile());
        }
        return credentials.build();
    }
}
