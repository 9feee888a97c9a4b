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

/** Why a plane did not start, for the person who started it. */
final class StartupFailureReport {

    private static final String TLS_REGISTRY = "io.quarkus.tls.";

    /** What SmallRye Config begins with says nothing to a person. */
    private static final Pattern EXCEPTION = Pattern.compile("^[\\w.]+Exception: ");

    private StartupFailureReport() {}

    /** One line for what a person can mend; nothing for an error of the program. */
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
            case QuarkusBindException taken ->
                Optional.of(
                        "HTTP cannot listen on " + taken.getHost() + ":" + taken.getPort() + "; is the port taken?");
            case PlaneException problem -> Optional.of(withRoot(problem));
            case StartupException known -> Optional.of(known.getMessage());
            case ConfigValidationException invalid -> Optional.of(problems(invalid));
            case ConfigurationException invalid -> Optional.of(invalid.getMessage());
            case RuntimeException unusable when isOfTlsRegistry(unusable) -> Optional.of(withRoot(unusable));
            default -> Optional.empty();
        };
    }

    private static String problems(ConfigValidationException invalid) {
        return IntStream.range(0, invalid.getProblemCount())
                .mapToObj(i ->
                        EXCEPTION.matcher(invalid.getProblem(i).getMessage()).replaceFirst(""))
                .collect(Collectors.joining("; "));
    }

    /** The registry has no exception of its own for files it cannot use. */
    private static boolean isOfTlsRegistry(Throwable thrown) {
        var trace = thrown.getStackTrace();
        return trace.length > 0 && trace[0].getClassName().startsWith(TLS_REGISTRY);
    }

    private static String withRoot(Throwable failure) {
        var root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root == failure || root.getMessage() == null
                ? failure.getMessage()
                : failure.getMessage() + ": " + root.getMessage();
    }
}
