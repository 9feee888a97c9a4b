package io.pulseplane.node;

import io.pulseplane.node.config.StartupException;
import io.pulseplane.vitals.PlaneException;
import io.quarkus.runtime.QuarkusBindException;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.smallrye.config.ConfigValidationException;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Describes why a plane did not start, for the operator. */
final class StartupFailureReport {

    private static final String TLS_REGISTRY = "io.quarkus.tls.";

    /** The exception's name at the start of SmallRye Config's messages, which does not help an operator. */
    private static final Pattern EXCEPTION = Pattern.compile("^[\\w.]+Exception: ");

    private StartupFailureReport() {}

    /** One line for a failure that the operator can mend; empty for an error of the program. */
    static Optional<String> describe(Throwable failure) {
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            var line = line(cause);
            if (line.isPresent()) {
                return line.map(text -> text.strip().replaceAll("\\s*\\R\\s*", " "));
            }
        }
        return Optional.empty();
    }

    private static Optional<String> line(Throwable cause) {
        return switch (cause) {
            case QuarkusBindException e ->
                Optional.of("HTTP cannot listen on " + e.getHost() + ":" + e.getPort() + "; is the port taken?");
            case PlaneException e -> Optional.of(withRootCause(e));
            case StartupException e -> Optional.of(e.getMessage());
            case ConfigValidationException e -> Optional.of(problems(e));
            case ConfigurationException e -> Optional.of(e.getMessage());
            case RuntimeException e when isFromTlsRegistry(e) -> Optional.of(withRootCause(e));
            default -> Optional.empty();
        };
    }

    private static String problems(ConfigValidationException invalid) {
        return IntStream.range(0, invalid.getProblemCount())
                .mapToObj(i ->
                        EXCEPTION.matcher(invalid.getProblem(i).getMessage()).replaceFirst(""))
                .collect(Collectors.joining("; "));
    }

    /** The TLS registry has no exception of its own for files that it cannot use. */
    private static boolean isFromTlsRegistry(Throwable failure) {
        var trace = failure.getStackTrace();
        return trace.length > 0 && trace[0].getClassName().startsWith(TLS_REGISTRY);
    }

    private static String withRootCause(Throwable failure) {
        var root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root == failure || root.getMessage() == null
                ? failure.getMessage()
                : failure.getMessage() + ": " + root.getMessage();
    }
}
