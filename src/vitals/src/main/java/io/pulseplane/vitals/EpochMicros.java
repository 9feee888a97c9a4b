package io.pulseplane.vitals;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Microseconds since the epoch, in which the plane counts all times that are told and kept. */
public final class EpochMicros {

    private EpochMicros() {}

    public static long now() {
        return of(Instant.now());
    }

    public static long of(Instant instant) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, instant);
    }
}
