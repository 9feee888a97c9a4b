package io.pulseplane.store;

import io.smallrye.mutiny.Uni;

/**
 * Where a plane keeps what it promised to keep.
 *
 * <p>Nothing here blocks its caller: every answer is a {@link Uni} that starts its work when it is subscribed to and
 * stops it when the subscription is cancelled, except for writes, which once begun are finished. Failures are
 * {@link io.pulseplane.vitals.PlaneException}s where the caller can do something about them: {@code ResourceExhausted} when the disk is
 * full or too much waits, {@code Unavailable} when it does not answer, {@code DataLoss} when it answers rubbish.
 */
public interface Store extends AutoCloseable {

    ReadingStore readings();

    Registry registry();

    /** What the store takes and holds, for operators. */
    Uni<StoreSize> size();

    /** Succeeds if a reading could be stored now. */
    Uni<Void> check();

    /** Finishes what was begun, syncs, and lets go of the disk. Blocks; calls after it fail with {@code Unavailable}. */
    @Override
    void close();
}
