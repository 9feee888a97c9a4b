package io.pulseplane.vitals;

/**
 * Ends the process when its memory is gone. Any thread may have lost what it was doing then, so the process would live
 * on without answering; whoever supervises it can start another.
 */
public final class OutOfMemory {

    /** The status that Java itself exits with under {@code -XX:+ExitOnOutOfMemoryError}. */
    public static final int EXIT_STATUS = 3;

    private static final int MAX_CAUSES = 16;

    private OutOfMemory() {}

    /** Ends the process if the failure is, or was caused by, an {@link OutOfMemoryError}; returns otherwise. */
    public static void exitIfCauseOf(Throwable failure) {
        var cause = failure;
        for (int i = 0; i < MAX_CAUSES && cause != null; i++) {
            if (cause instanceof OutOfMemoryError error) {
                exit(error);
            }
            cause = cause.getCause();
        }
    }

    private static void exit(OutOfMemoryError error) {
        try {
            // To join the texts would need memory.
            System.err.print("pulseplane ends with status 3, because its memory is used up: ");
            System.err.println(error.getMessage());
            System.err.flush();
        } finally {
            Runtime.getRuntime().halt(EXIT_STATUS);
        }
    }
}
