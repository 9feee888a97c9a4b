package io.pulseplane.cli;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.pulseplane.client.StatusDetails;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Prints why a command failed, and chooses the status that it ends with. */
final class CommandExceptionHandler {

    private static final int FAILED = 1;

    private CommandExceptionHandler() {}

    static int handle(Exception thrown, CommandLine command, ParseResult parsed) throws Exception {
        var err = command.getErr();
        // Devices stream on threads of their own: the cause is what ended one of them.
        var failure =
                thrown instanceof ExecutionException && thrown.getCause() instanceof Exception cause ? cause : thrown;
        if (failure instanceof ParameterException usage) {
            return command.getParameterExceptionHandler().handleParseException(usage, new String[0]);
        }
        if (failure instanceof UncheckedIOException unreadableFile) {
            err.println("pulseplane: " + unreadableFile.getMessage());
            err.flush();
            return FAILED;
        }
        if (!(failure instanceof StatusRuntimeException refusal)) {
            throw failure;
        }
        if (refusal.getStatus().getCode() == Status.Code.UNAVAILABLE && refusal.getCause() != null) {
            err.println("pulseplane: no plane answers: " + refusal.getCause().getMessage());
        } else {
            err.println("pulseplane: " + refusal.getMessage());
            printDetails(refusal, err);
        }
        err.flush();
        return FAILED;
    }

    private static void printDetails(StatusRuntimeException refusal, PrintWriter err) {
        var details = StatusDetails.of(refusal);
        details.violations()
                .forEach(violation -> err.println("  " + violation.field() + " " + violation.description()));
        details.retryDelay().ifPresent(delay -> err.println("  try again in " + delay.toMillis() + " ms"));
    }
}
