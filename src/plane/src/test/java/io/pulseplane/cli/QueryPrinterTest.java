package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.v1.Columns;
import io.pulseplane.v1.GetLatestResponse;
import io.pulseplane.v1.QueryReadingsResponse;
import io.pulseplane.v1.Reading;
import io.pulseplane.v1.SeriesColumns;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class QueryPrinterTest {

    private static final Reading ASYSTOLE = Reading.newBuilder()
            .setPatientId("ada")
            .setDeviceId("monitor")
            .setCode("8867-4")
            .setUnit("/min")
            .setTimeUs(1_000_000)
            .setImplausible(true)
            .build();

    private static final QueryReadingsResponse RANGE = QueryReadingsResponse.newBuilder()
            .addSeries(SeriesColumns.newBuilder()
                    .setPatientId("ada")
                    .setDeviceId("monitor")
                    .setColumns(Columns.newBuilder()
                            .setCode("8867-4")
                            .setUnit("/min")
                            .addTimeDeltaUs(0)
                            .addTimeDeltaUs(1_000_000)
                            .addValues(60)
                            .addValues(0)
                            .addImplausible(1)))
            .build();

    private final StringWriter output = new StringWriter();

    private QueryPrinter printer(boolean json) {
        return new QueryPrinter(new PrintWriter(output), json);
    }

    @Test
    void marks_the_latest_reading_if_it_is_implausible() {
        var plausible = ASYSTOLE.toBuilder().setValue(60).setImplausible(false);
        printer(false)
                .latest(GetLatestResponse.newBuilder()
                        .addReadings(ASYSTOLE)
                        .addReadings(plausible)
                        .build());
        var lines = output.toString().lines().toList();
        assertThat(lines.get(1)).endsWith("Heart rate  implausible");
        assertThat(lines.get(2)).endsWith("Heart rate");
    }

    @Test
    void marks_the_readings_of_a_range_that_are_implausible() {
        printer(false).readings(List.of(RANGE).iterator(), false);
        assertThat(output.toString().lines())
                .containsExactly(
                        "1970-01-01T00:00:00Z  ada  monitor  8867-4  60 /min",
                        "1970-01-01T00:00:01Z  ada  monitor  8867-4  0 /min  implausible");
    }

    @Test
    void has_the_mark_in_json_too() {
        printer(true)
                .latest(GetLatestResponse.newBuilder().addReadings(ASYSTOLE).build());
        printer(true).readings(List.of(RANGE).iterator(), false);
        assertThat(output.toString()).contains("\"implausible\":true").contains("\"implausible\":[1]");
    }
}
