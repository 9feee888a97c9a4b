package io.pulseplane.store;

import java.util.OptionalLong;

/**
 * The assignment of a device to a patient over a range of time.
 *
 * @param number grows with every assignment of the store
 * @param from inclusive, microseconds since the epoch
 * @param to exclusive, microseconds since the epoch; empty while the assignment lasts
 * @param provisional whether the store derived the assignment from the first batch of the device
 */
public record Assignment(long number, String device, String patient, long from, OptionalLong to, boolean provisional) {

    public Assignment endedAt(long time) {
        return new Assignment(number, device, patient, from, OptionalLong.of(time), provisional);
    }
}
