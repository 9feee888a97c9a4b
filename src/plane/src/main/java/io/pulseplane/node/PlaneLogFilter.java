package io.pulseplane.node;

import io.micrometer.core.instrument.Metrics;
import io.quarkus.logging.LoggingFilter;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Filter;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jboss.logmanager.ExtFormatter;
import org.jboss.logmanager.ExtLogRecord;

/**
 * Keeps libraries from filling the log with what callers and other servers cause: a deadline, a broken connection, a
 * certificate that nobody trusts. A kind of such records is one logger with one exception. The first record of a kind
 * in a minute is logged, in one line, without its stack trace; the others are counted, here and in the metric
 * {@code pulseplane.log.records.held}. The plane's own records with a stack trace keep it, and come as seldom. A logger
 * whose level is DEBUG logs everything as it is.
 *
 * <p>Also drops what Quarkus logs about its gRPC server at the start: a warning that the server is separate, which the
 * plane wants; the stack trace of a failure that {@link PlaneProcess} reports in one line; and that TLS is off, which
 * Quarkus logs whenever it did not configure TLS itself. {@link Lifecycle} logs whether TLS is on.
 */
@LoggingFilter(name = "plane")
final class PlaneLogFilter implements Filter {

    private static final String RECORDER = "io.quarkus.grpc.runtime.GrpcServerRecorder";

    /** Libraries between the plane and its callers, Redis and PostgreSQL. */
    private static final List<String> LIBRARIES = List.of(
            "io.grpc.",
            "io.netty.",
            "io.vertx.",
            "io.quarkus.grpc.",
            "io.quarkus.mutiny.",
            "io.quarkus.vertx.",
            "io.smallrye.",
            "org.flywaydb.");

    private static final String PLANE = "io.pulseplane.";

    private static final long INTERVAL_MILLIS = Duration.ofMinutes(1).toMillis();

    /** Bound on the kinds that are told apart; there are about as many as log statements in the libraries. */
    private static final int MAX_KINDS = 1_000;

    private static final int MAX_TEXT = 300;

    private static final Formatter MESSAGE = new ExtFormatter() {
        @Override
        public String format(ExtLogRecord record) {
            return String.valueOf(formatMessage(record));
        }
    };

    private record Kind(String logger, String exception) {}

    /** When a kind was logged, and how many records of it were held back since. */
    private record LastLogged(long millis, long held) {}

    private final InstantSource clock;
    private final Map<Kind, LastLogged> kinds = new ConcurrentHashMap<>();

    PlaneLogFilter() {
        this(InstantSource.system());
    }

    PlaneLogFilter(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public boolean isLoggable(LogRecord record) {
        var logger = record.getLoggerName();
        if (RECORDER.equals(logger)) {
            return false;
        }
        if (logger == null || record.getLevel().intValue() < Level.WARNING.intValue() || isDebugged(logger)) {
            return true;
        }
        boolean isLibrary = LIBRARIES.stream().anyMatch(logger::startsWith);
        boolean isOwnTrace = logger.startsWith(PLANE) && record.getThrown() != null;
        return (!isLibrary && !isOwnTrace) || isFirst(record, isLibrary);
    }

    private static boolean isDebugged(String logger) {
        return Logger.getLogger(logger).isLoggable(Level.FINE);
    }

    private boolean isFirst(LogRecord record, boolean inOneLine) {
        var thrown = record.getThrown();
        var kind = new Kind(
                record.getLoggerName(), thrown == null ? "" : thrown.getClass().getName());
        if (kinds.size() >= MAX_KINDS && !kinds.containsKey(kind)) {
            return hold(kind);
        }
        long now = clock.millis();
        var held = new long[1];
        var logged = kinds.compute(kind, (_, last) -> {
            if (last != null && now - last.millis < INTERVAL_MILLIS) {
                return new LastLogged(last.millis, last.held + 1);
            }
            held[0] = last == null ? 0 : last.held;
            return new LastLogged(now, 0);
        });
        if (logged.held > 0) {
            return hold(kind);
        }
        rewrite(record, held[0], inOneLine);
        return true;
    }

    private static boolean hold(Kind kind) {
        Metrics.counter("pulseplane.log.records.held", "logger", kind.logger).increment();
        return false;
    }

    /** Adds how many records came unlogged before this one. In one line, there is no stack trace. */
    private static void rewrite(LogRecord record, long held, boolean inOneLine) {
        var text = MESSAGE.format(record);
        if (inOneLine) {
            text = firstLine(text);
            if (record.getThrown() != null) {
                text += ": " + firstLine(record.getThrown().toString());
                record.setThrown(null);
            }
        }
        if (held > 0) {
            text += " (and " + held + " more since the last such line)";
        }
        if (record instanceof ExtLogRecord ext) {
            ext.setMessage(text, ExtLogRecord.FormatStyle.NO_FORMAT);
        } else {
            record.setMessage(text);
        }
    }

    private static String firstLine(String text) {
        var line = text.lines().findFirst().orElse("");
        return line.length() <= MAX_TEXT ? line : line.substring(0, MAX_TEXT) + "…";
    }
}
