package io.pulseplane.cli;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.pulseplane.client.StatusDetails;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Prints in a sentence why a command failed, and chooses the status that it ends with. It never prints a trace. */
final class CommandExceptionHandler {

    private CommandExceptionHandler() {}

    static int handle(Exception thrown, CommandLine command, ParseResult parsed) {
        var failure = cause(thrown);
        if (failure instanceof ParameterException usage) {
            try {
                return command.getParameterExceptionHandler().handleParseException(usage, new String[0]);
            } catch (Exception e) {
                failure = e;
            }
        }
        print(failure, command.getErr());
        return status(failure);
    }

    /** Picocli, threads of devices and streams of files wrap what went wrong. */
    private static Throwable cause(Throwable thrown) {
        boolean isWrapper = thrown instanceof ExecutionException
                || thrown instanceof UncheckedIOException
                || thrown instanceof CommandLine.ExecutionException;
        return isWrapper && thrown.getCause() != null ? cause(thrown.getCause()) : thrown;
    }

    /** The status that a command ends with after this failure. */
    static int status(Throwable thrown) {
        return switch (cause(thrown)) {
            case ParameterException _ -> ExitStatus.USAGE;
            case OutputClosedException _ -> ExitStatus.OUTPUT_CLOSED;
            case Playback.LongWaitException _ -> ExitStatus.INCOMPLETE;
            case StatusRuntimeException refusal ->
                switch (refusal.getStatus().getCode()) {
                    case UNAVAILABLE, RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED -> ExitStatus.TRY_LATER;
                    default -> ExitStatus.FAILED;
                };
            default -> ExitStatus.FAILED;
        };
    }

    static void print(Throwable thrown, PrintWriter err) {
        switch (cause(thrown)) {
            case OutputClosedException _ -> {
                // The user knows: it is their pipe.
            }
            case StatusRuntimeException refusal -> printRefusal(refusal, err);
            case IOException unusableFile -> err.println("pulseplane: " + describe(unusableFile));
            case PlaneException refusal -> err.println("pulseplane: " + refusal.getMessage());
            case ParameterException usage -> err.println("pulseplane: " + usage.getMessage());
            case Playback.LongWaitException wait -> err.println("pulseplane: " + wait.getMessage());
            case InterruptedException _ -> err.println("pulseplane: interrupted");
            case Throwable fault -> err.println("pulseplane: a fault of the program: " + describe(fault));
        }
        err.flush();
    }

    private static String describe(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> "there is no file " + missing.getFile();
            case AccessDeniedException denied -> denied.getFile() + " may not be read or written by this user";
            case FileSystemException broken
            when broken.getReason() != null -> broken.getFile() + ": " + broken.getReason();
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }

    /** Enough for a report of the fault, without a trace. */
    private static String describe(Throwable fault) {
        var trace = fault.getStackTrace();
        var place = trace.length == 0 ? "" : " in " + trace[0];
        return fault.getClass().getName() + (fault.getMessage() == null ? "" : ": " + fault.getMessage()) + place;
    }

    private static void printRefusal(StatusRuntimeException refusal, PrintWriter err) {
        var status = refusal.getStatus();
        if (status.getCode() == Status.Code.UNAVAILABLE && refusal.getCause() != null) {
            err.println("pulseplane: no plane answers: " + refusal.getCause().getMessage());
            return;
        }
        err.println("pulseplane: " + refusal.getMessage());
        if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
            err.println("  --deadline asks for more time, up to the plane's pulseplane.query.max-deadline");
        }
        var details = StatusDetails.of(refusal);
        details.violations()
                .forEach(violation -> err.println("  " + violation.field() + " " + violation.description()));
        details.retryDelay().ifPresent(delay -> err.println("  try again in " + Times.seconds(delay)));
    }
}
