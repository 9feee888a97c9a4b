package io.pulseplane.cli;

/** Nobody reads the output of the command any more, or it cannot be written. The command ends. */
final class OutputClosedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    OutputClosedException(String message, Throwable cause) {
        super(message, cause);
    }
}
