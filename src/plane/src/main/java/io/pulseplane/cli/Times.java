package io.pulseplane.cli;

import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
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
        var parts = SHORT.matcher(text);
        try {
            if (parts.matches()) {
                long number = Long.parseLong(parts.group(1));
                return switch (parts.group(2)) {
                    case "ms" -> Duration.ofMillis(number);
                    case "s" -> Duration.ofSeconds(number);
                    case "m" -> Duration.ofMinutes(number);
                    case "h" -> Duration.ofHours(number);
                    default -> Duration.ofDays(number);
                };
            }
            return Duration.parse(text);
        } catch (DateTimeParseException | ArithmeticException | NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is not a duration such as 10s, 5m, 1h or PT1M30S");
        }
    }

    /** ISO 8601 with an offset, {@code now}, or a duration before now such as {@code -15m}. */
    static Instant instant(String text, Instant now) {
        if (text.equals("now")) {
            return now;
        }
        try {
            return text.startsWith("-")
                    ? now.minus(duration(text.substring(1)))
                    : OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeParseException | ArithmeticException e) {
            throw new TypeConversionException(
                    "'" + text + "' is not a time such as 2026-11-10T00:31:25.894Z, now or -15m");
        }
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
