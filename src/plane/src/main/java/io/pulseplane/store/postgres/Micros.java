package io.pulseplane.store.postgres;

import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.OptionalLong;

/** Converts microseconds since the epoch to and from PostgreSQL's timestamps with time zone, without loss. */
final class Micros {

    private static final long PER_SECOND = 1_000_000;
    private static final long PER_DAY = 86_400 * PER_SECOND;

    /** Readings must be earlier than this, in the year 2255: the SQL that stores times computes with doubles. */
    static final long READING_TIME_LIMIT = 1L << 53;

    private Micros() {}

    static OffsetDateTime toTime(long micros) {
        var instant =
                Instant.ofEpochSecond(Math.floorDiv(micros, PER_SECOND), Math.floorMod(micros, PER_SECOND) * 1_000);
        return instant.atOffset(ZoneOffset.UTC);
    }

    /** Null if empty. */
    static OffsetDateTime toTime(OptionalLong micros) {
        return micros.isPresent() ? toTime(micros.getAsLong()) : null;
    }

    static long of(OffsetDateTime time) {
        return time.toEpochSecond() * PER_SECOND + time.getNano() / 1_000;
    }

    /** Empty if null. */
    static OptionalLong ofNullable(OffsetDateTime time) {
        return time == null ? OptionalLong.empty() : OptionalLong.of(of(time));
    }

    /** The first day of the month of a time. */
    static LocalDate month(long micros) {
        return LocalDate.ofEpochDay(Math.floorDiv(micros, PER_DAY)).withDayOfMonth(1);
    }

    static long startOf(LocalDate day) {
        return day.toEpochDay() * PER_DAY;
    }
}
