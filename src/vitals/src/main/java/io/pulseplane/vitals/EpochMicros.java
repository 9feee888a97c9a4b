package io.pulseplane.vitals;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Converts times to microseconds since the Unix epoch, the unit of all times that the plane stores or sends. */
public final class EpochMicros {

    private EpochMicros() {}

    public static long now() {
        return of(Instant.now());
    }

    public static long of(Instant instant) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, instant);
    }
}
