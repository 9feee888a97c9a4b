package io.pulseplane.api;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.pulseplane.node.LocalTokens;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Issues tokens signed with the plane's own key, and adds them to calls. */
public final class Tokens {

    public static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private Tokens() {}

    /** Issues a token of a subject with these roles. */
    public static String of(Path dataDir, String subject, String... roles) {
        return issue(
                dataDir,
                new LocalTokens.Claims(
                        subject, List.of(roles), LocalTokens.DEFAULT_TENANT, "", "", Duration.ofHours(1)));
    }

    public static String ofDevice(Path dataDir, String device) {
        return issue(
                dataDir,
                new LocalTokens.Claims(
                        device, List.of("device"), LocalTokens.DEFAULT_TENANT, "", device, Duration.ofHours(1)));
    }

    public static String ofPatient(Path dataDir, String patient) {
        return issue(
                dataDir,
                new LocalTokens.Claims(
                        patient, List.of("patient"), LocalTokens.DEFAULT_TENANT, patient, "", Duration.ofHours(1)));
    }

    public static String issue(Path dataDir, LocalTokens.Claims claims) {
        try {
            return LocalTokens.issue(dataDir, claims);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends the token with every call. */
    public static ClientInterceptor bearer(String token) {
        return header("Bearer " + token);
    }

    /** Sends the value as the authorization header of every call. */
    public static ClientInterceptor header(String value) {
        return new ClientInterceptor() {
            @Override
            public <Q, R> ClientCall<Q, R> interceptCall(
                    MethodDescriptor<Q, R> method, CallOptions options, Channel channel) {
                return new SimpleForwardingClientCall<>(channel.newCall(method, options)) {
                    @Override
                    public void start(Listener<R> listener, Metadata headers) {
                        headers.put(AUTHORIZATION, value);
                        super.start(listener, headers);
                    }
                };
            }
        };
    }
}
