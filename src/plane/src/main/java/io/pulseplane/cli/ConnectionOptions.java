package io.pulseplane.cli;

import io.grpc.Channel;
import io.grpc.netty.NettyChannelBuilder;
import io.pulseplane.client.PlaneClient;
import io.pulseplane.client.RetryPolicy;
import io.pulseplane.client.TlsSettings;
import io.pulseplane.client.TlsSettings.ClientCertificate;
import io.pulseplane.client.TokenSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of every command that calls a plane, and the channel made of them. */
final class ConnectionOptions {

    /** A device's certificate, which replaces a token. */
    static final class CertificateOptions {

        @Option(
                names = "--cert",
                paramLabel = "FILE",
                required = true,
                description = "A device's certificate chain (PEM), which replaces a token.")
        private Path chain;

        @Option(
                names = "--key",
                paramLabel = "FILE",
                required = true,
                description = "The private key of --cert (PEM, PKCS#8).")
        private Path key;
    }

    /** An authority such as {@code host:9000}, {@code [::1]:9000} or {@code ::1}, with the host as its group. */
    private static final Pattern HOST = Pattern.compile("^(\\[.*]|[^:]*)(:\\d+)?$");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--target",
            paramLabel = "HOST:PORT",
            defaultValue = "localhost:9000",
            description = "The plane to call. Default: ${DEFAULT-VALUE}")
    private String target;

    @Option(names = "--tls", description = "Use TLS. The system, or --ca, must trust the plane's certificate.")
    private boolean tls;

    @Option(names = "--ca", paramLabel = "FILE", description = "Certificates to trust (PEM); implies --tls.")
    private Path authorities;

    @ArgGroup(exclusive = false)
    private CertificateOptions certificate;

    @Mixin
    private CredentialOptions credentials;

    @Option(
            names = "--plaintext-token",
            description = "Send the token without TLS to another machine, where everybody on the way can read it.")
    private boolean plaintextToken;

    @Option(
            names = "--deadline",
            paramLabel = "DURATION",
            defaultValue = "30s",
            converter = Times.DurationConverter.class,
            description = "How long a call with a single answer may take, up to the plane's longest. Default: "
                    + "${DEFAULT-VALUE}. A person waits longer than the 100 ms that the plane gives to services")
    private Duration deadline;

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
        /**
         * @param channels the channel of each device
         * @param registrar the channel for the registry
         */
        int run(Function<String, Channel> channels, Channel registrar) throws Exception;
    }

    /** Opens the channel, does the work with a token of this role, and closes the channel. */
    int as(String role, Work work) throws Exception {
        return call(client -> work.run(client.channel(token(credentials.ofRole(role)))));
    }

    /** Opens the channel, does the work with tokens of its devices, and closes the channel. */
    int asDevices(DeviceWork work) throws Exception {
        return call(client -> work.run(
                device -> client.channel(token(credentials.ofDevice(device))),
                client.channel(token(credentials.ofRole(DeviceAssigner.ROLE)))));
    }

    boolean readsTokenFromStandardInput() {
        return credentials.readsStandardInput();
    }

    @FunctionalInterface
    private interface ClientWork {
        int run(PlaneClient client) throws Exception;
    }

    private int call(ClientWork work) throws Exception {
        boolean sendsToken = credentials.isGiven() || (certificate == null && credentials.hasToken());
        if (sendsToken && !hasTls() && !plaintextToken && !isThisMachine()) {
            throw new ParameterException(
                    command.commandLine(),
                    "without TLS, everybody on the way to " + target + " could read the token: use --tls or --ca, or "
                            + "permit it with --plaintext-token");
        }
        credentials.prepare(command.commandLine().getErr());
        var client = open();
        boolean isDone = false;
        try {
            int status = work.run(client);
            isDone = true;
            return status;
        } finally {
            if (isDone) {
                client.close();
            } else {
                // A call that nobody needs would be waited for.
                client.closeNow();
            }
        }
    }

    /** A user who gives a certificate wants the plane to identify it, not a token that this command makes. */
    private TokenSource token(TokenSource source) {
        return certificate != null && !credentials.isGiven() ? TokenSource.none() : source;
    }

    private boolean hasTls() {
        return tls || authorities != null || certificate != null;
    }

    /** Whether the target is a loopback address or a Unix socket. The client checks the address that it connects to. */
    private boolean isThisMachine() {
        if (target.startsWith("unix:")) {
            return true;
        }
        var authority = target.substring(target.lastIndexOf('/') + 1);
        var host = HOST.matcher(authority).replaceFirst("$1");
        try {
            return Arrays.stream(InetAddress.getAllByName(host)).allMatch(InetAddress::isLoopbackAddress);
        } catch (UnknownHostException _) {
            return false;
        }
    }

    private PlaneClient open() {
        var client = PlaneClient.to(target)
                .transport(NettyChannelBuilder::forTarget)
                .retry(RetryPolicy.NONE)
                .unaryDeadline(deadline);
        if (plaintextToken) {
            client.tokensInClearText();
        }
        if (hasTls()) {
            client.tls(new TlsSettings(
                    Optional.ofNullable(authorities),
                    Optional.ofNullable(certificate)
                            .map(options -> new ClientCertificate(options.chain, options.key))));
        }
        try {
            return client.build();
        } catch (IOException e) {
            throw new ParameterException(command.commandLine(), "the certificates cannot be used: " + e.getMessage());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    command.commandLine(), "the target or the certificates cannot be used: " + e.getMessage());
        }
    }
}
