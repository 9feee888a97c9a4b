package io.pulseplane.gate.token;

import java.io.IOException;

/** Why keys cannot be used, for the operator: it may name files, and is never told to a caller. */
public final class UnusableKeyException extends IOException {

    private static final long serialVersionUID = 1L;

    UnusableKeyException(String message) {
        super(message);
    }

    UnusableKeyException(String message, Throwable cause) {
        super(message, cause);
    }
}
