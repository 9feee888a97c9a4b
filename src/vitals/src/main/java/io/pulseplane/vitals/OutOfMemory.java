package io.pulseplane.vitals;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Ends the process when its memory is gone. Any thread may have lost what it was doing then, so the process would live
 * on without answering; whoever supervises it can start another.
 */
public final class OutOfMemory {

    /** The status that Java itself exits with under {@code -XX:+ExitOnOutOfMemoryError}. */
    public static final int EXIT_STATUS = 3;

    /** To write this needs no memory, unlike System.err. */
    private static final byte[] LINE =
            "pulseplane ends with status 3, because its memory is used up\n".getBytes(StandardCharsets.US_ASCII);

    private static final FileOutputStream ERROR_OUTPUT = new FileOutputStream(FileDescriptor.err);

    private static final int MAX_CAUSES = 16;

    private OutOfMemory() {}

    /** Ends the process if the failure is, or was caused by, an {@link OutOfMemoryError}; returns otherwise. */
    public static void exitIfCauseOf(Throwable failure) {
        var cause = failure;
        for (int i = 0; i < MAX_CAUSES && cause != null; i++) {
            if (cause instanceof OutOfMemoryError) {
                exit();
            }
            cause = cause.getCause();
        }
    }

    private static void exit() {
        try {
            ERROR_OUTPUT.write(LINE);
        } catch (IOException e) {
            // The status says it.
        } finally {
            Runtime.getRuntime().halt(EXIT_STATUS);
        }
    }
}
