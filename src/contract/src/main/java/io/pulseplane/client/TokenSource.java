package io.pulseplane.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Where the bearer tokens of calls come from. A source is asked at every call, on the thread that makes the call, and must
 * be thread-safe: a source whose tokens are expensive keeps them, as {@link #renewing} does.
 */
@FunctionalInterface
public interface TokenSource {

    /**
     * The token of the next call, without {@code Bearer} before it; empty to send none.
     *
     * @throws IOException if there should be one and it cannot be had; the call ends with UNAUTHENTICATED
     */
    Optional<String> token() throws IOException;

    /** No token: for health, reflection, and devices that show a certificate. */
    static TokenSource none() {
        return Optional::empty;
    }

    /** The same token at every call. */
    static TokenSource of(String token) {
        var only = Optional.of(token);
        return () -> only;
    }

    /** The content of a file without white space around it. It is read at every call, since others renew it. */
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
     * Keeps a token and asks for the next one shortly before it expires.
     *
     * @param issuer makes a token that is valid for {@code lifetime} from when it is asked
     * @param margin how long before its end a token is no longer used
     */
    static TokenSource renewing(TokenSource issuer, Duration lifetime, Duration margin) {
        return new RenewingTokenSource(issuer, lifetime.minus(margin));
    }
}
