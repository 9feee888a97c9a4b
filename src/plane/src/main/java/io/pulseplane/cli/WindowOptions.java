package io.pulseplane.cli;

import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.CalendarUnit;
import io.pulseplane.v1.CalendarWindow;
import io.pulseplane.vitals.EpochMicros;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Which windows of time: of one width, or by the calendar of a place. */
final class WindowOptions {

    private static final Pattern CALENDAR = Pattern.compile("(\\d{1,6})(h|d|w|mo)");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--window",
            paramLabel = "WIDTH",
            defaultValue = "1m",
            description =
                    "Width of a window, at least 1s, such as 10s, 5m or 8h. With --zone hours, days, weeks or months"
                            + " of local time: 8h, 1d, 2w, 1mo. Default: ${DEFAULT-VALUE}")
    private String window;

    @Option(
            names = "--zone",
            paramLabel = "ZONE",
            description = "Windows by the clocks of this time zone, such as Europe/Berlin. Default: UTC")
    private String zone;

    @Option(
            names = "--origin",
            paramLabel = "TIME",
            description = "When some window starts. With --zone a local date or time, such as 2026-03-02T07:00.")
    private String origin;

    void setOn(AggregateRequest.Builder request) {
        if (zone == null) {
            request.setWindowUs(TimeUnit.NANOSECONDS.toMicros(
                    converted("--window", window, Times::duration).toNanos()));
            if (origin != null) {
                var time = converted("--origin", origin, text -> Times.instant(text, Instant.now()));
                request.setOriginUs(EpochMicros.of(time));
            }
            return;
        }
        var width = CALENDAR.matcher(window);
        if (!width.matches()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "Invalid value for option '--window': with --zone it must be like 8h, 1d, 2w or 1mo, is '" + window
                            + "'");
        }
        var calendar = CalendarWindow.newBuilder()
                .setTimeZone(zoneId().getId())
                .setUnit(unit(width))
                .setCount(Integer.parseInt(width.group(1)));
        if (origin != null) {
            calendar.setOrigin(origin);
        }
        request.setCalendarWindow(calendar);
    }

    private static CalendarUnit unit(Matcher width) {
        return switch (width.group(2)) {
            case "h" -> CalendarUnit.CALENDAR_UNIT_HOUR;
            case "d" -> CalendarUnit.CALENDAR_UNIT_DAY;
            case "w" -> CalendarUnit.CALENDAR_UNIT_WEEK;
            default -> CalendarUnit.CALENDAR_UNIT_MONTH;
        };
    }

    /** The zone to show times in. */
    ZoneId zoneId() {
        try {
            return zone == null ? ZoneOffset.UTC : ZoneId.of(zone);
        } catch (DateTimeException _) {
            throw new ParameterException(
                    spec.commandLine(),
                    "Invalid value for option '--zone': '" + zone + "' is not a time zone such as Europe/Berlin");
        }
    }

    private <T> T converted(String option, String text, Function<String, T> conversion) {
        try {
            return conversion.apply(text);
        } catch (TypeConversionException e) {
            throw new ParameterException(
                    spec.commandLine(), "Invalid value for option '" + option + "': " + e.getMessage());
        }
    }
}
