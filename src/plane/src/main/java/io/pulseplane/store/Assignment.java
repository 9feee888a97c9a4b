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

    /**
     * Returns when this assignment ends if the device is on another patient from a time on. A provisional one, which
     * nobody made, does not stand in the way of an assignment that begins before it.
     */
    public long endOnMove(long time) {
        return provisional ? Math.max(from, time) : time;
    }

    public Assignment endedAt(long time) {
        return new Assignment(number, device, patient, from, OptionalLong.of(time), provisional);
    }
}
