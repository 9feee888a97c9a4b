package io.pulseplane.node.config;

/** The plane cannot start. The message gives the reason to the operator. */
public final class StartupException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public StartupException(String message) {
        super(message);
    }
}
