package io.pulseplane.store;

import java.util.Optional;

/**
 * A measuring device in the registry. Unknown texts are empty.
 *
 * @param id the id that readings of the device have
 * @param serialNumber unique
 * @param lastSeenAt when its last batch became durable, in microseconds since the epoch; 0 without a batch; the store
 *     sets it
 * @param lastSequence the highest sequence of its stored batches, unsigned; 0 without a batch; the store sets it
 * @param provisional whether the registry has nothing but the id; the store sets it
 * @param createdAt microseconds since the epoch; the store sets it
 * @param updatedAt microseconds since the epoch; the store sets it
 */
public record Device(
        String id,
        Optional<String> serialNumber,
        String type,
        String manufacturer,
        String model,
        String firmwareVersion,
        Status status,
        long lastSeenAt,
        long lastSequence,
        boolean provisional,
        long createdAt,
        long updatedAt) {

    /** The status of a device. Stores keep the names: no status may be renamed or removed. */
    public enum Status {
        ACTIVE,
        INACTIVE,
        MAINTENANCE,
        RETIRED
    }

    /** Returns the entry of a device that a batch names and that is not registered. */
    public static Device provisional(String id, long now) {
        return new Device(id, Optional.empty(), "", "", "", "", Status.ACTIVE, 0, 0, true, now, now);
    }
}
