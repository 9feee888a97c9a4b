package io.pulseplane.cli.recording;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads times in every unambiguous spelling of ISO 8601 and SQL. It guesses neither a time zone nor a unit nor an order
 * of day and month.
 *
 * <p>A time is cut to whole microseconds, towards the past. {@code 24:00} is midnight at the end of the day. A leap
 * second, 23:59:60 UTC, is the second after it, because Unix time does not count it.
 *
 * @param zone the zone of times without an offset; empty to refuse them
 * @param epochUnit the unit of numbers, which count from 1970 in UTC; empty to refuse numbers
 */
public record TimeParser(Optional<ZoneId> zone, Optional<EpochUnit> epochUnit) {

    /** The unit of times that are numbers. */
    public enum EpochUnit {
        S(1_000_000),
        MS(1_000),
        US(1),
        NS(0.001);

        private final BigDecimal micros;

        EpochUnit(double micros) {
            this.micros = BigDecimal.valueOf(micros);
        }
    }

    /** The text is no time. The message has no subject: it continues after the name of a column or an option. */
    public static final class UnreadableTimeException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private final Fault.Reason reason;

        UnreadableTimeException(Fault.Reason reason, String message) {
            super(message);
            this.reason = reason;
        }

        public Fault.Reason reason() {
            return reason;
        }
    }

    private static final String MINUS_SIGN = "\u2212";

    private static final Pattern DATE_TIME = Pattern.compile(
            "(?<date>\\d{4}-\\d\\d-\\d\\d|\\d{8}|\\d{4}-W\\d\\d-\\d|\\d{4}W\\d{3}|\\d{4}-\\d{3}|\\d{7})"
                    + "(?:T| +)"
                    + "(?<hour>\\d\\d)(?::?(?<minute>\\d\\d)(?::?(?<second>\\d\\d))?)?(?:[.,](?<fraction>\\d{1,18}))?"
                    + "(?: ?(?<offset>Z|UTC|GMT|[-+" + MINUS_SIGN + "]\\d\\d(?::?\\d\\d(?::?\\d\\d)?)?))?"
                    + "(?:\\[(?<zone>[^\\]]{1,60})])?",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern NUMBER = Pattern.compile("[-+]?\\d{1,25}(?:\\.\\d{1,12})?");
    private static final Pattern DATE_ONLY = Pattern.compile("\\d{4}-\\d\\d-\\d\\d");
    private static final Pattern DAY_AND_MONTH = Pattern.compile("\\d{1,2}[/.-]\\d{1,2}[/.-]\\d{2,4}.*");

    private static final BigDecimal MAX_MICROS = BigDecimal.valueOf(Long.MAX_VALUE);
    private static final Duration DAY = Duration.ofDays(1);
    private static final int LEAP_SECOND = 60;
    private static final long MICROS_PER_SECOND = 1_000_000;
    private static final int NANOS_PER_MICRO = 1_000;

    /** Takes times with an offset only. */
    public static TimeParser strict() {
        return new TimeParser(Optional.empty(), Optional.empty());
    }

    /**
     * @return microseconds since the epoch
     * @throws UnreadableTimeException if the text is no time, or does not say which
     */
    public long parse(String text) {
        if (NUMBER.matcher(text).matches()) {
            return number(text);
        }
        var match = DATE_TIME.matcher(text);
        if (!match.matches()) {
            throw noTime(text);
        }
        try {
            var instant = instant(match);
            return instant.getEpochSecond() * MICROS_PER_SECOND + instant.getNano() / NANOS_PER_MICRO;
        } catch (DateTimeException | ArithmeticException e) {
            throw new UnreadableTimeException(Fault.Reason.TIME, "is no time that exists: " + e.getMessage());
        }
    }

    private long number(String text) {
        var unit = epochUnit.orElseThrow(() -> new UnreadableTimeException(
                Fault.Reason.TIME_WITHOUT_UNIT,
                "is a number; say with --time-unit whether it counts seconds (s), ms, us or ns since 1970"));
        var micros = new BigDecimal(text).multiply(unit.micros).setScale(0, RoundingMode.FLOOR);
        if (micros.abs().compareTo(MAX_MICROS) > 0) {
            throw new UnreadableTimeException(Fault.Reason.TIME, "is too large for a time");
        }
        return micros.longValueExact();
    }

    private static UnreadableTimeException noTime(String text) {
        if (DATE_ONLY.matcher(text).matches()) {
            return new UnreadableTimeException(Fault.Reason.TIME, "is a date without a time of day");
        }
        if (DAY_AND_MONTH.matcher(text).matches()) {
            return new UnreadableTimeException(
                    Fault.Reason.TIME, "does not say which number is the day and which the month");
        }
        return new UnreadableTimeException(Fault.Reason.TIME, "is not a time such as 2026-11-10T00:31:25.894Z");
    }

    private Instant instant(Matcher match) {
        var date = date(match.group("date").toUpperCase(Locale.ROOT));
        var sinceMidnight = sinceMidnight(match);
        boolean isLeapSecond = match.group("second") != null && Integer.parseInt(match.group("second")) == LEAP_SECOND;
        // The end of a day is the start of the next. So is a leap second, where midnight is that of UTC.
        boolean isNextDay = sinceMidnight.compareTo(DAY) >= 0;
        var local = isNextDay
                ? date.plusDays(1).atStartOfDay().plus(sinceMidnight.minus(DAY))
                : date.atTime(LocalTime.ofNanoOfDay(sinceMidnight.toNanos()));
        var instant = inZone(local, match);
        if (isLeapSecond && instant.getEpochSecond() % DAY.toSeconds() != 0) {
            throw new DateTimeException("a leap second is at 23:59:60 UTC");
        }
        return instant;
    }

    private static LocalDate date(String text) {
        if (text.indexOf('W') > 0) {
            var digits = text.replace("-", "");
            var extended = digits.substring(0, 7) + "-" + digits.substring(7);
            return LocalDate.parse(
                    extended.substring(0, 4) + "-" + extended.substring(4), DateTimeFormatter.ISO_WEEK_DATE);
        }
        var digits = text.replace("-", "");
        int year = Integer.parseInt(digits.substring(0, 4));
        return digits.length() == 7
                ? LocalDate.ofYearDay(year, Integer.parseInt(digits.substring(4)))
                : LocalDate.of(year, Integer.parseInt(digits.substring(4, 6)), Integer.parseInt(digits.substring(6)));
    }

    /** A fraction is one of the smallest unit that is written: {@code 10,5} is half past ten. */
    private static Duration sinceMidnight(Matcher match) {
        int hour = Integer.parseInt(match.group("hour"));
        int minute = orZero(match.group("minute"));
        int second = orZero(match.group("second"));
        long nanosOfUnit = match.group("minute") == null
                ? Duration.ofHours(1).toNanos()
                : match.group("second") == null
                        ? Duration.ofMinutes(1).toNanos()
                        : Duration.ofSeconds(1).toNanos();
        var fraction = match.group("fraction");
        long nanos = fraction == null
                ? 0
                : new BigDecimal("0." + fraction)
                        .multiply(BigDecimal.valueOf(nanosOfUnit))
                        .setScale(0, RoundingMode.FLOOR)
                        .longValueExact();
        var total =
                Duration.ofHours(hour).plusMinutes(minute).plusSeconds(second).plusNanos(nanos);
        boolean isLeapSecond = second == LEAP_SECOND && minute == 59;
        if (minute > 59 || (second > 59 && !isLeapSecond) || (hour > 23 && !total.equals(DAY))) {
            throw new DateTimeException("a day has 24 hours of 60 minutes of 60 seconds");
        }
        return total;
    }

    private static int orZero(String digits) {
        return digits == null ? 0 : Integer.parseInt(digits);
    }

    private Instant inZone(LocalDateTime local, Matcher match) {
        var name = match.group("zone");
        var named = name == null ? Optional.<ZoneId>empty() : Optional.of(ZoneId.of(name));
        if (match.group("offset") == null) {
            return unique(
                    local,
                    named.or(this::zone)
                            .orElseThrow(() -> new UnreadableTimeException(
                                    Fault.Reason.TIME_WITHOUT_ZONE,
                                    "has no offset from UTC; say with --zone in which time zone it is")));
        }
        var offset = offset(match.group("offset").toUpperCase(Locale.ROOT));
        if (named.isPresent() && !named.get().getRules().isValidOffset(local, offset)) {
            throw new DateTimeException(named.get() + " has another offset then than " + offset);
        }
        return local.toInstant(offset);
    }

    private static Instant unique(LocalDateTime local, ZoneId zone) {
        var offsets = zone.getRules().getValidOffsets(local);
        return switch (offsets.size()) {
            case 0 -> throw new DateTimeException("the clocks of " + zone + " skip it");
            case 1 -> local.toInstant(offsets.getFirst());
            default ->
                throw new UnreadableTimeException(
                        Fault.Reason.TIME_WITHOUT_ZONE, "happens twice in " + zone + "; it needs an offset from UTC");
        };
    }

    private static ZoneOffset offset(String text) {
        if (Character.isLetter(text.charAt(0))) {
            return ZoneOffset.UTC;
        }
        var digits = text.substring(1).replace(":", "");
        int sign = text.charAt(0) == '+' ? 1 : -1;
        int hours = Integer.parseInt(digits.substring(0, 2));
        int minutes = digits.length() < 4 ? 0 : Integer.parseInt(digits.substring(2, 4));
        int seconds = digits.length() < 6 ? 0 : Integer.parseInt(digits.substring(4));
        return ZoneOffset.ofHoursMinutesSeconds(sign * hours, sign * minutes, sign * seconds);
    }
}
