package io.pulseplane.store;

import java.util.Optional;

/**
 * A thing that measures. Texts are empty where nothing is known.
 *
 * @param id what readings are filed under
 * @param serialNumber unique
 * @param lastSeenAt when its last batch became durable, microseconds since the epoch, 0 if there was none; set by the store
 * @param lastSequence the highest sequence of its stored batches, unsigned, 0 if there was none; set by the store
 * @param provisional whether nothing but the id is known; set by the store
 * @param createdAt microseconds since the epoch; set by the store
 * @param updatedAt microseconds since the epoch; set by the store
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

    /** What a device may do. The names are stored: they are only ever added to. */
    public enum Status {
        ACTIVE,
        INACTIVE,
        MAINTENANCE,
        RETIRED
    }

    /** What is known of a device that was first heard of in a batch. */
    public static Device provisional(String id, long now) {
        return new Device(id, Optional.empty(), "", "", "", "", Status.ACTIVE, 0, 0, true, now, now);
    }
}
