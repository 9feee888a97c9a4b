package io.pulseplane.store.spool;

import io.pulseplane.store.ChangeListener;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Store;
import io.pulseplane.store.StoreSize;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import java.sql.SQLException;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * A store that goes on taking batches while the one behind it does not answer.
 *
 * <p>A batch that the store behind does not take in time is made durable on this machine, and answered with {@link
 * io.pulseplane.store.AppendResult.Spooled}: it is safe, but nobody has compared it with what the store has. From then on every
 * batch is, until all that wait have been handed on, in order. Handing on is repeated until it is known to have succeeded;
 * the store knows batches by device and sequence, and keeps each once. Where it has other values for what was spooled, or
 * another batch of that sequence, its own stand, and the spooled batch is set aside in the spool's file.
 *
 * <p>Questions are answered by the store behind. Of a subject of which readings wait here, the latest ones include those
 * that wait; a range that may include any fails with {@code Unavailable}. The registry is the one of the store behind: it
 * does not know of what waits.
 */
public final class SpoolingStore implements Store {

    private final Store store;
    private final SpoolFile file;
    private final Spool spool;
    private final SpoolingReadings readings;

    private SpoolingStore(Store store, SpoolFile file, SpoolSettings settings, LongSupplier now, SpoolEvents events) {
        this.store = store;
        this.file = file;
        this.spool = new Spool(store.readings(), file, settings, now, events);
        this.readings = new SpoolingReadings(store.readings(), spool, settings);
    }

    /**
     * Opens the spool in its directory. What waits there from before is handed on from {@link #start} on.
     *
     * @param store the store behind, which is closed with this one
     * @param now the clock, in microseconds since the epoch
     * @throws PlaneException.FailedPrecondition if another plane has the spool open, or it was sealed with other keys
     * @throws PlaneException.Unavailable if the directory cannot be written to
     */
    public static SpoolingStore open(Store store, SpoolSettings settings, LongSupplier now, SpoolEvents events) {
        var file = SpoolFile.open(settings.directory(), settings.keys());
        try {
            file.entriesAfter(0, 1, 1);
        } catch (SQLException | RuntimeException e) {
            file.close();
            throw new PlaneException.FailedPrecondition(
                    "what waits in the spool cannot be read with these keys: " + e.getMessage());
        }
        return new SpoolingStore(store, file, settings, now, events);
    }

    /**
     * Begins to hand on what waits.
     *
     * @param changes told of readings that are in the store now, and of those for which the store has something else
     */
    public void start(ChangeListener changes) {
        spool.start(changes);
    }

    /** Batches that wait. */
    public long pendingBatches() {
        return file.pendingBatches();
    }

    /** Bytes the spool takes, with what was set aside. */
    public long bytes() {
        return file.bytes();
    }

    /** Batches that the store has something else for. */
    public long setAsideBatches() {
        return file.setAsideBatches();
    }

    /** Since when the first of those that wait does, microseconds since the epoch. */
    public OptionalLong oldestPendingTime() {
        return file.oldestPendingTime();
    }

    @Override
    public ReadingStore readings() {
        return readings;
    }

    @Override
    public Registry registry() {
        return store.registry();
    }

    @Override
    public Uni<StoreSize> size() {
        return store.size();
    }

    /** A reading could be stored if the store behind answers, or there is room here. */
    @Override
    public Uni<Void> check() {
        return store.check()
                .onFailure(failure -> failure instanceof PlaneException.Unavailable && spool.hasRoom())
                .recoverWithNull();
    }

    @Override
    public void close() {
        spool.close();
        store.close();
        file.close();
    }
}
