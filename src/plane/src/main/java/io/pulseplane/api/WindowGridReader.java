package io.pulseplane.api;

import io.pulseplane.store.CalendarWindows;
import io.pulseplane.store.FixedWindows;
import io.pulseplane.store.WindowGrid;
import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.CalendarUnit;
import io.pulseplane.v1.CalendarWindow;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Converts the windows of a request, and collects their violations. */
final class WindowGridReader {

    private static final long MIN_WIDTH = TimeUnit.SECONDS.toMicros(1);
    private static final long MAX_WIDTH = TimeUnit.DAYS.toMicros(36_500);

    /** With one hour, a window that clocks show twice could not be told from the one before; fixed windows can. */
    private static final Set<Integer> HOURS = Set.of(2, 3, 4, 6, 8, 12);

    private static final int MAX_DAYS = 36_500;
    private static final int MAX_WEEKS = 5_200;
    private static final int MAX_MONTHS = 1_200;

    /** All months have such a day. */
    private static final int MAX_DAY_OF_MONTH = 28;

    /** A Monday, and the first of a month. */
    private static final LocalDateTime DEFAULT_ORIGIN = LocalDateTime.of(2001, 1, 1, 0, 0);

    private static final int MIN_ORIGIN_YEAR = 1900;
    private static final int MAX_ORIGIN_YEAR = 2200;

    private WindowGridReader() {}

    /** Returns some grid if there are violations. */
    static WindowGrid grid(AggregateRequest request, Violations violations) {
        if (request.hasCalendarWindow()) {
            violations.addUnless(request.getWindowUs() == 0, "window_us", "must not be set with calendar_window");
            violations.addUnless(request.getOriginUs() == 0, "origin_us", "must not be set with calendar_window");
            return calendarWindows(request.getCalendarWindow(), violations);
        }
        long width = request.getWindowUs();
        if (width < MIN_WIDTH || width > MAX_WIDTH) {
            violations.add("window_us", "must be from " + MIN_WIDTH + " to " + MAX_WIDTH + ", or calendar_window set");
            return FixedWindows.ALL_TIME;
        }
        return FixedWindows.startingAt(request.getOriginUs(), width);
    }

    private static WindowGrid calendarWindows(CalendarWindow window, Violations violations) {
        int count = window.getCount() == 0 ? 1 : window.getCount();
        checkCount(window.getUnit(), count, violations);
        var origin = origin(window.getOrigin(), violations);
        violations.addUnless(
                window.getUnit() != CalendarUnit.CALENDAR_UNIT_MONTH || origin.getDayOfMonth() <= MAX_DAY_OF_MONTH,
                "calendar_window.origin",
                "must be a day of the month from 1 to " + MAX_DAY_OF_MONTH);
        return new CalendarWindows(
                zone(window.getTimeZone(), violations), unit(window.getUnit(), violations), count, origin);
    }

    private static ChronoUnit unit(CalendarUnit unit, Violations violations) {
        return switch (unit) {
            case CALENDAR_UNIT_HOUR -> ChronoUnit.HOURS;
            case CALENDAR_UNIT_DAY -> ChronoUnit.DAYS;
            case CALENDAR_UNIT_WEEK -> ChronoUnit.WEEKS;
            case CALENDAR_UNIT_MONTH -> ChronoUnit.MONTHS;
            case CALENDAR_UNIT_UNSPECIFIED, UNRECOGNIZED -> {
                violations.add("calendar_window.unit", "must be a known unit");
                yield ChronoUnit.DAYS;
            }
        };
    }

    private static void checkCount(CalendarUnit unit, int count, Violations violations) {
        if (unit == CalendarUnit.CALENDAR_UNIT_HOUR) {
            violations.addUnless(HOURS.contains(count), "calendar_window.count", "must be 2, 3, 4, 6, 8 or 12 hours");
            return;
        }
        int max =
                switch (unit) {
                    case CALENDAR_UNIT_WEEK -> MAX_WEEKS;
                    case CALENDAR_UNIT_MONTH -> MAX_MONTHS;
                    default -> MAX_DAYS;
                };
        violations.addUnless(count >= 1 && count <= max, "calendar_window.count", "must be from 1 to " + max);
    }

    private static ZoneId zone(String zone, Violations violations) {
        try {
            return ZoneId.of(zone);
        } catch (DateTimeException _) {
            violations.add("calendar_window.time_zone", "must be an IANA time zone such as Europe/Berlin");
            return ZoneOffset.UTC;
        }
    }

    private static LocalDateTime origin(String origin, Violations violations) {
        if (origin.isEmpty()) {
            return DEFAULT_ORIGIN;
        }
        try {
            var time = origin.indexOf('T') < 0
                    ? LocalDate.parse(origin).atStartOfDay()
                    : LocalDateTime.parse(origin).truncatedTo(ChronoUnit.MINUTES);
            if (time.getYear() >= MIN_ORIGIN_YEAR && time.getYear() <= MAX_ORIGIN_YEAR) {
                return time;
            }
        } catch (DateTimeException _) {
            // Answered below, as are years that are out of bounds.
        }
        violations.add(
                "calendar_window.origin",
                "must be a local date or time such as 2026-03-02 or 2026-03-02T07:00, from " + MIN_ORIGIN_YEAR + " to "
                        + MAX_ORIGIN_YEAR);
        return DEFAULT_ORIGIN;
    }
}
