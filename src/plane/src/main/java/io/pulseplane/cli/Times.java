package io.pulseplane.cli;

import io.pulseplane.cli.recording.TimeParser;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Parses and formats times and durations for the command line. */
final class Times {

    private static final Pattern SHORT = Pattern.compile("(\\d+)(ms|s|m|h|d)");

    /** ISO 8601 in UTC, to the second or with as many more digits as the time needs. */
    private static final DateTimeFormatter FORMAT =
            new DateTimeFormatterBuilder().appendInstant(-1).toFormatter();

    /** A hundred years. Within this bound no sum of times overflows. */
    private static final Duration MAX_DURATION = Duration.ofDays(36_500);

    private Times() {}

    static String format(long micros) {
        return FORMAT.format(Instant.EPOCH.plus(micros, ChronoUnit.MICROS));
    }

    /** Local time with its offset from UTC. */
    static String format(long micros, ZoneId zone) {
        return zone.equals(ZoneOffset.UTC)
                ? format(micros)
                : DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
                        Instant.EPOCH.plus(micros, ChronoUnit.MICROS).atZone(zone));
    }

    /** {@code 250ms}, {@code 10s}, {@code 5m}, {@code 1h}, {@code 30d}, or ISO 8601 such as {@code PT1M30S}. */
    static Duration duration(String text) {
        Duration duration;
        try {
            duration = parse(text);
        } catch (DateTimeParseException | ArithmeticException | NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is not a duration such as 10s, 5m, 1h or PT1M30S");
        }
        if (duration.isNegative() || duration.compareTo(MAX_DURATION) > 0) {
            throw new TypeConversionException(
                    "'" + text + "' is not a duration from 0s to " + MAX_DURATION.toDays() + "d");
        }
        return duration;
    }

    private static Duration parse(String text) {
        var parts = SHORT.matcher(text);
        if (!parts.matches()) {
            return Duration.parse(text);
        }
        long number = Long.parseLong(parts.group(1));
        return switch (parts.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
        };
    }

    /** Seconds for a person, such as {@code 90 s} or {@code 0.25 s}. */
    static String seconds(Duration duration) {
        return BigDecimal.valueOf(duration.toMillis(), 3).stripTrailingZeros().toPlainString() + " s";
    }

    /**
     * A time with an offset in any spelling that {@link TimeParser} knows, {@code now}, or a duration before now such
     * as {@code -15m}.
     */
    static Instant instant(String text, Instant now) {
        if (text.equals("now")) {
            return now;
        }
        if (text.startsWith("-")) {
            return now.minus(duration(text.substring(1)));
        }
        try {
            return Instant.EPOCH.plus(TimeParser.strict().parse(text), ChronoUnit.MICROS);
        } catch (TimeParser.UnreadableTimeException e) {
            throw new TypeConversionException("'" + text + "' " + description(e));
        }
    }

    private static String description(TimeParser.UnreadableTimeException fault) {
        return switch (fault.reason()) {
            case TIME_WITHOUT_ZONE -> "has no offset from UTC, such as Z or +01:00";
            case TIME_WITHOUT_UNIT -> "is a number; a time is such as 2026-11-10T00:31:25.894Z, now or -15m";
            default -> fault.getMessage();
        };
    }

    /** For options that take a time. */
    static final class InstantConverter implements ITypeConverter<Instant> {
        @Override
        public Instant convert(String text) {
            return instant(text, Instant.now());
        }
    }

    /** For options that take a duration. */
    static final class DurationConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            return duration(text);
        }
    }
}
