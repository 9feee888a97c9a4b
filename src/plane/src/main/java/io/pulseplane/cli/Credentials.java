package io.pulseplane.cli;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.pulseplane.node.LocalTokens;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/**
 * What a command shows at the gate: the token it was given or, where the key of the plane is at hand, one it makes for
 * what it is about to do. Without either it shows nothing, and hears from the plane what is missing.
 */
final class Credentials {

    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private static final Duration TTL = Duration.ofHours(1);

    /** Made anew this long before it ends, so that no call is begun with one that is about to. */
    private static final Duration MARGIN = Duration.ofMinutes(5);

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            defaultValue = "${env:PULSEPLANE_TOKEN}",
            description = "What to show at the gate. Default: PULSEPLANE_TOKEN in the environment")
    private String token;

    @Option(names = "--token-file", paramLabel = "FILE", description = "The same, from a file.")
    private Path tokenFile;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "data",
            description = "Without a token, one is made with the plane's own key if that is here. Default: "
                    + "${DEFAULT-VALUE}")
    private Path dataDir;

    @Option(
            names = "--tenant",
            paramLabel = "NAME",
            defaultValue = "${env:PULSEPLANE_TENANT:-" + LocalTokens.DEFAULT_TENANT + "}",
            description = "The plane's tenant, for such a token. Default: PULSEPLANE_TENANT in the environment, or "
                    + LocalTokens.DEFAULT_TENANT)
    private String tenant = LocalTokens.DEFAULT_TENANT;

    /** Those of a plane that this process runs. */
    static Credentials local(Path dataDir) {
        var credentials = new Credentials();
        credentials.dataDir = dataDir;
        return credentials;
    }

    /** The channel, for calls in this role. */
    Channel as(Channel channel, String role) {
        return ClientInterceptors.intercept(channel, bearer("local:" + System.getProperty("user.name"), role, ""));
    }

    /** The channel, for the calls of a device. */
    Channel asDevice(Channel channel, String device) {
        return ClientInterceptors.intercept(channel, bearer(device, "device", device));
    }

    /** Whether there is a token that the user wants shown, whatever else is at hand. */
    boolean isGiven() {
        return token != null || tokenFile != null;
    }

    private ClientInterceptor bearer(String subject, String role, String device) {
        if (isGiven()) {
            var given = token != null ? token : read(tokenFile);
            return new Bearer(() -> given);
        }
        if (!LocalTokens.canIssue(dataDir)) {
            return new Bearer(() -> null);
        }
        return new Bearer(new Renewed(new LocalTokens.Wanted(subject, List.of(role), tenant, "", device, TTL)));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("the token cannot be read from " + file, e);
        }
    }

    /** A token that is made when it is first shown, and again before it ends. */
    private final class Renewed implements Supplier<String> {

        private final LocalTokens.Wanted wanted;
        private String made;
        private long madeAt;

        Renewed(LocalTokens.Wanted wanted) {
            this.wanted = wanted;
        }

        @Override
        public synchronized String get() {
            long now = System.nanoTime();
            if (made == null || now - madeAt > TTL.minus(MARGIN).toNanos()) {
                try {
                    made = LocalTokens.issue(dataDir, wanted);
                } catch (IOException e) {
                    throw new UncheckedIOException(e.getMessage(), e);
                }
                madeAt = now;
            }
            return made;
        }
    }

    private record Bearer(Supplier<String> token) implements ClientInterceptor {
        @Override
        public <Q, R> ClientCall<Q, R> interceptCall(
                MethodDescriptor<Q, R> method, CallOptions options, Channel channel) {
            return new SimpleForwardingClientCall<>(channel.newCall(method, options)) {
                @Override
                public void start(Listener<R> listener, Metadata headers) {
                    var shown = token.get();
                    if (shown != null) {
                        headers.put(AUTHORIZATION, "Bearer " + shown);
                    }
                    super.start(listener, headers);
                }
            };
        }
    }
}
