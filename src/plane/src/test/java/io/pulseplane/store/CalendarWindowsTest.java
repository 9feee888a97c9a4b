package io.pulseplane.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CalendarWindowsTest {

    private static final long SEED = Long.getLong("windows.seed", System.nanoTime());
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
    private static final LocalDateTime MONDAY = LocalDateTime.of(2001, 1, 1, 0, 0);

    /** Clocks that change by an hour, by half an hour, at midnight both ways, and by a whole day. */
    private static final List<ZoneId> ZONES = Stream.of(
                    "Europe/Berlin",
                    "America/Havana",
                    "America/Sao_Paulo",
                    "Asia/Beirut",
                    "Asia/Kathmandu",
                    "Australia/Lord_Howe",
                    "Pacific/Apia",
                    "UTC")
            .map(ZoneId::of)
            .toList();

    static Stream<ZoneId> zones() {
        return ZONES.stream();
    }

    static Stream<CalendarWindows> grids() {
        return ZONES.stream()
                .flatMap(zone -> Stream.of(
                        new CalendarWindows(zone, ChronoUnit.HOURS, 2, MONDAY.withMinute(30)),
                        new CalendarWindows(zone, ChronoUnit.HOURS, 8, MONDAY.withHour(7)),
                        new CalendarWindows(
                                zone, ChronoUnit.DAYS, 1, MONDAY.withHour(2).withMinute(30)),
                        new CalendarWindows(zone, ChronoUnit.DAYS, 3, MONDAY),
                        new CalendarWindows(zone, ChronoUnit.WEEKS, 1, MONDAY),
                        new CalendarWindows(zone, ChronoUnit.MONTHS, 1, MONDAY.withDayOfMonth(28)),
                        new CalendarWindows(zone, ChronoUnit.MONTHS, 12, MONDAY)));
    }

    @ParameterizedTest
    @CsvSource({
        // The clocks of Berlin go forward on 29 March 2026, and back on 25 October 2026.
        "2026-03-28T12:00:00Z, 2026-03-27T23:00:00Z, 24",
        "2026-03-29T12:00:00Z, 2026-03-28T23:00:00Z, 23",
        "2026-03-30T12:00:00Z, 2026-03-29T22:00:00Z, 24",
        "2026-10-25T12:00:00Z, 2026-10-24T22:00:00Z, 25",
        "2026-10-26T12:00:00Z, 2026-10-25T23:00:00Z, 24"
    })
    void days_have_the_hours_that_local_clocks_give_them(Instant time, Instant start, int hours) {
        var days = new CalendarWindows(BERLIN, ChronoUnit.DAYS, 1, MONDAY);
        long index = days.indexOf(micros(time));
        assertThat(days.startOf(index)).isEqualTo(micros(start));
        assertThat(Duration.of(days.startOf(index + 1) - days.startOf(index), ChronoUnit.MICROS))
                .isEqualTo(Duration.ofHours(hours));
        assertThat(days.lastOf(index) + 1).isEqualTo(days.startOf(index + 1));
    }

    @Test
    void a_shift_is_an_hour_longer_when_clocks_go_back() {
        var shifts = new CalendarWindows(BERLIN, ChronoUnit.HOURS, 8, MONDAY.withHour(7));
        long night = shifts.indexOf(micros(Instant.parse("2026-10-25T00:30:00Z")));
        assertThat(shifts.startOf(night)).isEqualTo(micros(Instant.parse("2026-10-24T21:00:00Z")));
        assertThat(shifts.startOf(night + 1)).isEqualTo(micros(Instant.parse("2026-10-25T06:00:00Z")));
    }

    @Test
    void a_day_that_a_place_never_had_is_skipped() {
        // Samoa went from 29 to 31 December 2011, to the other side of the date line.
        var days = new CalendarWindows(ZoneId.of("Pacific/Apia"), ChronoUnit.DAYS, 1, MONDAY);
        long never = ChronoUnit.DAYS.between(MONDAY.toLocalDate(), LocalDate.of(2011, 12, 30));
        assertThat(days.isSkipped(never - 1)).isFalse();
        assertThat(days.isSkipped(never)).isTrue();
        assertThat(days.isSkipped(never + 1)).isFalse();
        assertThat(days.indexOf(days.startOf(never))).isEqualTo(never + 1);
    }

    @ParameterizedTest
    @MethodSource("zones")
    void days_weeks_and_months_start_where_the_jdk_says(ZoneId zone) {
        var random = new SplittableRandom(SEED);
        for (int i = 0; i < 5_000; i++) {
            long time = randomTime(random);
            var date = local(time, zone).toLocalDate();
            assertStart(zone, ChronoUnit.DAYS, time, date);
            assertStart(zone, ChronoUnit.WEEKS, time, date.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY)));
            assertStart(zone, ChronoUnit.MONTHS, time, date.withDayOfMonth(1));
        }
    }

    private static void assertStart(ZoneId zone, ChronoUnit unit, long time, LocalDate expected) {
        var grid = new CalendarWindows(zone, unit, 1, MONDAY);
        assertThat(grid.startOf(grid.indexOf(time)))
                .as("%s of %s in %s, -Dwindows.seed=%s", unit, time, zone, SEED)
                .isEqualTo(micros(expected.atStartOfDay(zone).toInstant()));
    }

    @ParameterizedTest
    @MethodSource("grids")
    void each_time_is_in_one_window(CalendarWindows grid) {
        var random = new SplittableRandom(SEED);
        for (int i = 0; i < 2_000; i++) {
            // Half of the times are within two days of a change of clocks.
            long time = randomTime(random);
            var transition = grid.zone().getRules().nextTransition(instant(time));
            if (transition != null && random.nextBoolean()) {
                time = micros(transition.getInstant()) + random.nextLong(-172_800_000_000L, 172_800_000_000L);
            }
            assertIsInOneWindow(grid, Math.max(0, time));
        }
    }

    private static void assertIsInOneWindow(CalendarWindows grid, long time) {
        long index = grid.indexOf(time);
        assertThat(time)
                .as("%s in %s, -Dwindows.seed=%s", time, grid, SEED)
                .isBetween(grid.startOf(index), grid.lastOf(index));
        assertThat(grid.indexOf(grid.startOf(index))).isEqualTo(index);
        assertThat(grid.indexOf(grid.lastOf(index))).isEqualTo(index);
        assertThat(grid.isSkipped(index)).isFalse();
        long first = grid.firstStartingAt(time);
        assertThat(grid.startOf(first)).isGreaterThanOrEqualTo(time);
        assertThat(grid.startOf(first - 1)).isLessThan(time);
    }

    @ParameterizedTest
    @MethodSource("grids")
    void the_first_and_the_last_times_have_windows(CalendarWindows grid) {
        assertIsInOneWindow(grid, 0);
        long last = grid.indexOf(Long.MAX_VALUE);
        assertThat(grid.startOf(last)).isLessThan(Long.MAX_VALUE);
        assertThat(grid.lastOf(last)).isEqualTo(Long.MAX_VALUE);
        assertThat(grid.startOf(grid.indexOf(Long.MIN_VALUE))).isEqualTo(Long.MIN_VALUE);
        assertThat(grid.startOf(Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
        assertThat(grid.startOf(Long.MIN_VALUE)).isEqualTo(Long.MIN_VALUE);
    }

    /** From 1970 to 2105. */
    private static long randomTime(SplittableRandom random) {
        return random.nextLong(1L << 52);
    }

    private static long micros(Instant time) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, time);
    }

    private static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }

    private static ZonedDateTime local(long micros, ZoneId zone) {
        return instant(micros).atZone(zone);
    }
}
