package io.pulseplane.vitals;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Converts times to microseconds since the Unix epoch, the unit of all times that the plane stores or sends. */
public final class EpochMicros {

    private EpochMicros() {}

    public static long now() {
        return of(Instant.now());
    }

    /** Returns the time as an instant. */
    public static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }

    public static long of(Instant instant) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, instant);
    }
}
