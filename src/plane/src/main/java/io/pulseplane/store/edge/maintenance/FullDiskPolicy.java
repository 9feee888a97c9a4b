package io.pulseplane.store.edge.maintenance;

/** What the store does when its budget of bytes on disk is used up. */
public enum FullDiskPolicy {
    /** It refuses batches until there is room. */
    REFUSE,
    /** It deletes the oldest chunks. */
    DROP_OLDEST
}
