package io.pulseplane.node;

import io.quarkus.logging.LoggingFilter;
import java.util.logging.Filter;
import java.util.logging.LogRecord;

/**
 * Drops what Quarkus logs about its gRPC server at the start: a warning that the server is separate, which the plane
 * wants; the stack trace of a failure that {@link PlaneProcess} reports in one line; and that TLS is off, which Quarkus
 * logs whenever it did not configure TLS itself. {@link Lifecycle} logs whether TLS is on.
 */
@LoggingFilter(name = "start")
final class StartupLogFilter implements Filter {

    private static final String RECORDER = "io.quarkus.grpc.runtime.GrpcServerRecorder";

    @Override
    public boolean isLoggable(LogRecord record) {
        return !RECORDER.equals(record.getLoggerName());
    }
}
