package io.pulseplane.gate.token;

import java.io.IOException;

/** Keys cannot be used. The message is for the operator: it may name files, and callers never see it. */
public final class UnusableKeyException extends IOException {

    private static final long serialVersionUID = 1L;

    UnusableKeyException(String message) {
        super(message);
    }

    UnusableKeyException(String message, Throwable cause) {
        super(message, cause);
    }
}
