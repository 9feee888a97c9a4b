package io.pulseplane.client;

import io.grpc.CallCredentials;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.IOException;
import java.util.concurrent.Executor;

/**
 * Sends {@code authorization: Bearer ...} with every call. If the source cannot provide its token, the call fails with
 * UNAUTHENTICATED.
 *
 * <p>It sends the token over any connection of the channel, also in clear text over one without TLS.
 */
public final class BearerToken extends CallCredentials {

    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final TokenSource source;

    public BearerToken(TokenSource source) {
        this.source = source;
    }

    @Override
    public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier applier) {
        try {
            var headers = new Metadata();
            source.token().ifPresent(token -> headers.put(AUTHORIZATION, "Bearer " + token));
            applier.apply(headers);
        } catch (IOException e) {
            applier.fail(Status.UNAUTHENTICATED.withDescription(e.getMessage()).withCause(e));
        }
    }
}
