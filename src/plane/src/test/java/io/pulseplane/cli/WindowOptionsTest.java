package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.CalendarUnit;
import io.pulseplane.v1.CalendarWindow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

class WindowOptionsTest {

    @Command
    private static final class WindowCommand {
        @Mixin
        private WindowOptions windows;
    }

    private static AggregateRequest parse(String... options) {
        var command = new WindowCommand();
        new CommandLine(command).parseArgs(options);
        var request = AggregateRequest.newBuilder();
        command.windows.setOn(request);
        return request.build();
    }

    @Test
    void without_options_a_window_has_a_minute() {
        assertThat(parse())
                .isEqualTo(AggregateRequest.newBuilder().setWindowUs(60_000_000).build());
    }

    @Test
    void windows_of_one_width_may_start_at_any_time() {
        assertThat(parse("--window", "8h", "--origin", "1970-01-01T07:00:00.000001Z"))
                .isEqualTo(AggregateRequest.newBuilder()
                        .setWindowUs(8 * 3_600_000_000L)
                        .setOriginUs(7 * 3_600_000_000L + 1)
                        .build());
    }

    @ParameterizedTest
    @CsvSource({
        "8h, CALENDAR_UNIT_HOUR, 8",
        "1d, CALENDAR_UNIT_DAY, 1",
        "2w, CALENDAR_UNIT_WEEK, 2",
        "12mo, CALENDAR_UNIT_MONTH, 12"
    })
    void with_a_zone_windows_are_those_of_its_calendar(String width, CalendarUnit unit, int count) {
        assertThat(parse("--window", width, "--zone", "Europe/Berlin", "--origin", "2026-03-02T07:00")
                        .getCalendarWindow())
                .isEqualTo(CalendarWindow.newBuilder()
                        .setTimeZone("Europe/Berlin")
                        .setUnit(unit)
                        .setCount(count)
                        .setOrigin("2026-03-02T07:00")
                        .build());
    }

    @ParameterizedTest
    @CsvSource({
        "--window, 1d, --zone, Mars/Olympus, --zone",
        "--window, 30m, --zone, UTC, --window",
        "--window, day, --zone, UTC, --window",
        "--window, fast, --origin, 1970-01-01T00:00:00Z, --window",
        "--window, 1m, --origin, yesterday, --origin"
    })
    void a_faulty_option_is_named(String first, String one, String second, String other, String fault) {
        assertThatThrownBy(() -> parse(first, one, second, other))
                .isInstanceOf(ParameterException.class)
                .hasMessageContaining("'" + fault + "'");
    }
}
