package io.pulseplane.store.edge.maintenance;

/** What happens when the budget of bytes on disk is spent. */
public enum FullDiskPolicy {
    /** Batches are refused until there is room. */
    REFUSE,
    /** The oldest chunks are dropped. */
    DROP_OLDEST
}
