package io.pulseplane.client;

import io.grpc.CallCredentials;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.SecurityLevel;
import io.grpc.Status;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Executor;

/**
 * Sends {@code authorization: Bearer ...} with every call. If the source cannot provide its token, the call fails with
 * UNAUTHENTICATED.
 *
 * <p>A token is sent in clear text only to this machine, unless the client was told otherwise: whoever reads it on its
 * way can use it. Any other call without TLS fails with UNAUTHENTICATED.
 */
public final class BearerToken extends CallCredentials {

    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final TokenSource source;
    private final boolean inClearText;

    public BearerToken(TokenSource source) {
        this(source, false);
    }

    /** @param inClearText whether to send tokens in clear text to other machines, too */
    BearerToken(TokenSource source, boolean inClearText) {
        this.source = source;
        this.inClearText = inClearText;
    }

    @Override
    public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier applier) {
        try {
            var token = source.token(call.getMethodDescriptor());
            if (token.isPresent() && !inClearText && isExposed(call)) {
                applier.fail(Status.UNAUTHENTICATED.withDescription(
                        "without TLS, a token is not sent to another machine, because others could read it"));
                return;
            }
            var headers = new Metadata();
            token.ifPresent(text -> headers.put(AUTHORIZATION, "Bearer " + text));
            applier.apply(headers);
        } catch (IOException e) {
            applier.fail(Status.UNAUTHENTICATED.withDescription(e.getMessage()).withCause(e));
        }
    }

    private static boolean isExposed(RequestInfo call) {
        return call.getSecurityLevel() != SecurityLevel.PRIVACY_AND_INTEGRITY
                && call.getTransportAttrs().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress address
                && !address.getAddress().isLoopbackAddress();
    }
}
