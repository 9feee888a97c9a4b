package io.pulseplane.files;

import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a command that prints a secret. The command can ask a key management service. */
public final class SecretCommand {

    /** The command is given up after this time. */
    private static final long SECONDS = 30;

    /** A longer text is not read to its end. */
    public static final int MAX_TEXT_BYTES = 1_024;

    private SecretCommand() {}

    /**
     * Returns what the command prints.
     *
     * @param name of the secret in messages, such as "key of the node"
     * @throws PlaneException.Unavailable if the command fails, or does not end within {@value #SECONDS} s
     */
    public static String run(List<String> command, String name) {
        Process process = null;
        try {
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .start();
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                throw new PlaneException.Unavailable("the command for the " + name + " did not end", null);
            }
            var output = process.getInputStream().readNBytes(MAX_TEXT_BYTES);
            if (process.exitValue() != 0) {
                throw new PlaneException.Unavailable(
                        "the command for the " + name + " ended with " + process.exitValue(), null);
            }
            return new String(output, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the command for the " + name + " could not be run", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PlaneException.Unavailable("the command for the " + name + " was interrupted", e);
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }
}
