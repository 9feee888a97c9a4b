package io.pulseplane.gate.token;

import java.io.IOException;

/** Why keys cannot be used, for the operator: it may name files, and is never told to a caller. */
public final class KeyFailure extends IOException {

    private static final long serialVersionUID = 1L;

    KeyFailure(String message) {
        super(message);
    }

    KeyFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
