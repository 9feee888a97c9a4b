package io.pulseplane.live;

/** Bounds the memory of the readings that wait for watchers, over all watchers together. */
@FunctionalInterface
public interface PendingMemory {

    /**
     * Is called with what waits for one watcher, in bytes, whenever that changes.
     *
     * @throws io.pulseplane.vitals.PlaneException.ResourceExhausted if there is no room for more
     */
    void cover(long bytes);
}
