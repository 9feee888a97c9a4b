package io.pulseplane.store;

import java.util.OptionalLong;

/**
 * A device on a patient, over a span of time.
 *
 * @param number grows with every assignment of this store
 * @param from inclusive, microseconds since the epoch
 * @param to exclusive, microseconds since the epoch; empty while it lasts
 * @param provisional whether it was concluded from the device's first batch
 */
public record Assignment(long number, String device, String patient, long from, OptionalLong to, boolean provisional) {

    public Assignment endedAt(long time) {
        return new Assignment(number, device, patient, from, OptionalLong.of(time), provisional);
    }
}
