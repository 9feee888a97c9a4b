package io.pulseplane.store.postgres;

import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.OptionalLong;

/** Microseconds since the epoch as PostgreSQL has them: a timestamp with time zone, exact to the microsecond. */
final class Micros {

    private static final long PER_SECOND = 1_000_000;
    private static final long PER_DAY = 86_400 * PER_SECOND;

    /** Times of readings go through a double on their way into a table, which is exact below this: the year 2255. */
    static final long READING_TIME_LIMIT = 1L << 53;

    private Micros() {}

    static OffsetDateTime toTime(long micros) {
        var instant =
                Instant.ofEpochSecond(Math.floorDiv(micros, PER_SECOND), Math.floorMod(micros, PER_SECOND) * 1_000);
        return instant.atOffset(ZoneOffset.UTC);
    }

    /** {@code null} for none. */
    static OffsetDateTime toTime(OptionalLong micros) {
        return micros.isPresent() ? toTime(micros.getAsLong()) : null;
    }

    static long of(OffsetDateTime time) {
        return time.toEpochSecond() * PER_SECOND + time.getNano() / 1_000;
    }

    /** Nothing for {@code null}. */
    static OptionalLong ofNullable(OffsetDateTime time) {
        return time == null ? OptionalLong.empty() : OptionalLong.of(of(time));
    }

    /** The first day of the month a time lies in. */
    static LocalDate month(long micros) {
        return LocalDate.ofEpochDay(Math.floorDiv(micros, PER_DAY)).withDayOfMonth(1);
    }

    static long startOf(LocalDate day) {
        return day.toEpochDay() * PER_DAY;
    }
}
