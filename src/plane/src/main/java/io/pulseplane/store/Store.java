package io.pulseplane.store;

import io.smallrye.mutiny.Uni;

/**
 * Stores readings and the registry durably.
 *
 * <p>No method but {@link #close} blocks: every result is a {@link Uni} that starts its work on subscription. If the
 * subscription is cancelled, a read stops, and a write that has started is finished. A failure that the caller can act
 * on is a {@link io.pulseplane.vitals.PlaneException}: {@code ResourceExhausted} if the disk is full or too many calls
 * wait, {@code Unavailable} if the store does not answer, {@code DataLoss} if its data is damaged.
 */
public interface Store extends AutoCloseable {

    ReadingStore readings();

    Registry registry();

    /** Returns the size of the store, for operators. */
    Uni<StoreSize> size();

    /** Succeeds if the store can store a reading now. */
    Uni<Void> check();

    /** Succeeds if the store can answer a query now. */
    default Uni<Void> checkReads() {
        return check();
    }

    /** Whether the store could not do its maintenance the last time. It tries again by itself. */
    default boolean isMaintenanceFailing() {
        return false;
    }

    /** How many acknowledged batches are known to be lost. Queries that may miss their readings fail. */
    default long lostBatches() {
        return 0;
    }

    /** Finishes running writes, syncs, and releases the disk. Blocks; later calls fail with {@code Unavailable}. */
    @Override
    void close();
}
