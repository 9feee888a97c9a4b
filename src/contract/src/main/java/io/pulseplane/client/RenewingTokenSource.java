package io.pulseplane.client;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Keeps a token, and asks the issuer for another when the token may no longer be used. */
final class RenewingTokenSource implements TokenSource {

    private final TokenSource issuer;
    private final long usableNanos;
    private Optional<String> token = Optional.empty();
    private long issuedAt;

    RenewingTokenSource(TokenSource issuer, Duration usableTime) {
        this.issuer = issuer;
        this.usableNanos = usableTime.toNanos();
    }

    @Override
    public synchronized Optional<String> token() throws IOException {
        long now = System.nanoTime();
        if (token.isEmpty() || now - issuedAt > usableNanos) {
            token = issuer.token();
            issuedAt = now;
        }
        return token;
    }
}
