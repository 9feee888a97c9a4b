package io.pulseplane.node.config;

/** Why the plane cannot start, in words for the person who started it. */
public final class StartupException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public StartupException(String message) {
        super(message);
    }
}
