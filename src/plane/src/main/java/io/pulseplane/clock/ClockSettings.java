package io.pulseplane.clock;

import java.time.Duration;

/**
 * How far the plane believes the operating system's clock.
 *
 * @param maxLeap a leap forward beyond this is in doubt until an operator confirms it
 * @param syncWait how long after its start the plane waits for a time server to set the clock, before it rejects
 *     readings because they seem to come from the future
 */
public record ClockSettings(Duration maxLeap, Duration syncWait) {

    public static final ClockSettings STANDARD = new ClockSettings(Duration.ofDays(1), Duration.ofMinutes(10));
}
