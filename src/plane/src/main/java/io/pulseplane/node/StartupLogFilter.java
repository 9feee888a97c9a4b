package io.pulseplane.node;

import io.quarkus.logging.LoggingFilter;
import java.util.logging.Filter;
import java.util.logging.LogRecord;

/**
 * Leaves out what Quarkus logs about its gRPC server at start: a warning that it is a server of its own, which is what
 * we want, the traces of a failure that {@link PlaneProcess} reports in one line, and that TLS is off, which it says
 * whenever it was not Quarkus that set it up; {@link Lifecycle} knows better.
 */
@LoggingFilter(name = "start")
final class StartupLogFilter implements Filter {

    private static final String RECORDER = "io.quarkus.grpc.runtime.GrpcServerRecorder";

    @Override
    public boolean isLoggable(LogRecord record) {
        return !RECORDER.equals(record.getLoggerName());
    }
}
