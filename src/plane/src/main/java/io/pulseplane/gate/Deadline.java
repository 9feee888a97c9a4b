package io.pulseplane.gate;

import java.util.concurrent.TimeUnit;

/**
 * The moment when a permission ends, by two clocks: whichever is there first ends it. So a clock that is set ahead ends
 * a permission early, and a clock that is set back does not extend it.
 *
 * @param micros microseconds since the epoch; {@code Long.MAX_VALUE} for never
 * @param nanos by {@link System#nanoTime}
 */
record Deadline(long micros, long nanos) {

    static final Deadline NEVER = new Deadline(Long.MAX_VALUE, 0);

    /** A later end makes no difference, and its nanoseconds could overflow. */
    private static final long MAX_DELAY_MICROS = TimeUnit.DAYS.toMicros(365);

    /** @param micros the end; {@code Long.MAX_VALUE} for never */
    static Deadline at(long micros, long nowMicros, long nowNanos) {
        return micros == Long.MAX_VALUE
                ? NEVER
                : new Deadline(
                        micros,
                        nowNanos + TimeUnit.MICROSECONDS.toNanos(Math.clamp(micros - nowMicros, 0, MAX_DELAY_MICROS)));
    }

    boolean isOver(long nowMicros, long nowNanos) {
        return micros != Long.MAX_VALUE && (nowMicros >= micros || nowNanos - nanos >= 0);
    }
}
