package io.pulseplane.client;

import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Provides the bearer tokens of calls. The client calls the source for every call, on the thread that makes the call,
 * so a source must be thread-safe. A source whose tokens are expensive should keep them, as {@link #renewing} does.
 */
@FunctionalInterface
public interface TokenSource {

    /**
     * Returns the token of the next call, without {@code Bearer} before it; empty to send no token.
     *
     * @throws IOException if the source cannot provide its token; the call fails with UNAUTHENTICATED
     */
    Optional<String> token() throws IOException;

    /** Returns the token of a call of this rpc. A source that issues its own tokens can restrict them to it. */
    default Optional<String> token(MethodDescriptor<?, ?> rpc) throws IOException {
        return token();
    }

    /** Sends no token: for health, reflection, and devices with a certificate. */
    static TokenSource none() {
        return Optional::empty;
    }

    /** Sends the same token with every call. */
    static TokenSource of(String token) {
        var sameToken = Optional.of(token);
        return () -> sameToken;
    }

    /** Reads a file at every call, because another program may renew it, and strips white space around the token. */
    static TokenSource file(Path file) {
        return () -> {
            try {
                return Optional.of(Files.readString(file).strip());
            } catch (IOException e) {
                throw new IOException("the token cannot be read from " + file, e);
            }
        };
    }

    /**
     * Keeps a token, and asks the issuer for the next one shortly before it expires.
     *
     * @param issuer issues tokens that are valid for {@code lifetime}
     * @param margin how long before its expiry the source stops using a token
     */
    static TokenSource renewing(TokenSource issuer, Duration lifetime, Duration margin) {
        return new RenewingTokenSource(issuer, lifetime.minus(margin));
    }
}
