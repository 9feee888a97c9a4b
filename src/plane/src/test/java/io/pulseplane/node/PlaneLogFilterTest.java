package io.pulseplane.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.stream.IntStream;
import org.jboss.logmanager.ExtLogRecord;
import org.junit.jupiter.api.Test;

class PlaneLogFilterTest {

    private final AtomicLong millis = new AtomicLong(1_000_000);
    private final InstantSource clock = () -> Instant.ofEpochMilli(millis.get());
    private final PlaneLogFilter filter = new PlaneLogFilter(clock);

    private static LogRecord record(String logger, Throwable thrown) {
        var record = new ExtLogRecord(
                org.jboss.logmanager.Level.ERROR, "Request %s failed\nand more", ExtLogRecord.FormatStyle.PRINTF, "");
        record.setParameters(new Object[] {7});
        record.setLoggerName(logger);
        record.setThrown(thrown);
        return record;
    }

    private static String text(LogRecord record) {
        return record.getMessage();
    }

    @Test
    void logs_what_callers_cause_in_one_line_without_a_stack_trace() {
        var record = record("io.quarkus.mutiny.runtime.MutinyInfrastructure", new IllegalStateException("late"));
        assertThat(filter.isLoggable(record)).isTrue();
        assertThat(record.getThrown()).isNull();
        assertThat(text(record)).isEqualTo("Request 7 failed: java.lang.IllegalStateException: late");
    }

    @Test
    void logs_a_kind_once_a_minute_and_says_how_many_were_held_back() {
        var logged = IntStream.range(0, 1_000)
                .filter(_ -> filter.isLoggable(record("io.grpc.netty.NettyServerHandler", null)))
                .count();
        assertThat(logged).isOne();
        assertThat(filter.isLoggable(record("io.grpc.netty.NettyServerHandler", new IllegalStateException())))
                .as("another kind")
                .isTrue();
        millis.addAndGet(60_000);
        var next = record("io.grpc.netty.NettyServerHandler", null);
        assertThat(filter.isLoggable(next)).isTrue();
        assertThat(text(next)).isEqualTo("Request 7 failed (and 999 more since the last such line)");
    }

    @Test
    void keeps_the_stack_trace_of_the_planes_own_errors_and_logs_it_once_a_minute() {
        var first = record("io.pulseplane.api.StatusMapper", new IllegalStateException());
        assertThat(filter.isLoggable(first)).isTrue();
        assertThat(first.getThrown()).isNotNull();
        assertThat(filter.isLoggable(record("io.pulseplane.api.StatusMapper", new IllegalStateException())))
                .isFalse();
    }

    @Test
    void logs_everything_else_as_it_is() {
        for (int i = 0; i < 10; i++) {
            assertThat(filter.isLoggable(record("io.pulseplane.store.spool.Spool", null)))
                    .isTrue();
            var info = new LogRecord(Level.INFO, "started");
            info.setLoggerName("io.vertx.core");
            assertThat(filter.isLoggable(info)).isTrue();
        }
    }

    @Test
    void drops_what_quarkus_says_about_its_grpc_server() {
        assertThat(filter.isLoggable(record("io.quarkus.grpc.runtime.GrpcServerRecorder", null)))
                .isFalse();
    }
}
