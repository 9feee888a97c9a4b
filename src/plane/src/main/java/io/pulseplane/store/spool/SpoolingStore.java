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
 * A store that takes batches even while the store behind it does not answer.
 *
 * <p>If the store behind does not take a batch in time, the spool makes the batch durable on this machine. The answer
 * is then {@link io.pulseplane.store.AppendResult.Spooled}: the batch is safe, but not yet compared with the store.
 * From then on every batch goes to the spool until all waiting batches are forwarded, in order. The forwarder repeats a
 * group until it knows that the store has it; the store identifies batches by device and sequence, and keeps each once.
 * If the store has other values for the same readings, or another batch of the same sequence, the store's data stay and
 * the spooled batch is set aside in the spool file.
 *
 * <p>The store behind answers queries. The latest readings of a subject include those that wait here; a range that may
 * include waiting readings fails with {@code Unavailable}. The registry is that of the store behind, without waiting
 * data.
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
     * Opens the spool in its directory. Batches of the previous run are forwarded after {@link #start}.
     *
     * @param store the store behind; {@link #close} closes it, too
     * @param now the clock, in microseconds since the epoch
     * @throws PlaneException.FailedPrecondition if another plane has the spool open, or the spool was sealed with other
     *     keys
     * @throws PlaneException.Unavailable if the directory cannot be written to
     */
    public static SpoolingStore open(Store store, SpoolSettings settings, LongSupplier now, SpoolEvents events) {
        var file = SpoolFile.open(settings.directory(), settings.keys());
        try {
            file.entriesAfter(0, 1, 1);
        } catch (SQLException | RuntimeException e) {
            file.close();
            throw new PlaneException.FailedPrecondition(
                    "these keys cannot open the spooled batches: " + e.getMessage());
        }
        return new SpoolingStore(store, file, settings, now, events);
    }

    /**
     * Starts to forward waiting batches.
     *
     * @param changes is called for readings that the store now has, and for readings that contradict the store
     */
    public void start(ChangeListener changes) {
        spool.start(changes);
    }

    /** How many batches wait. */
    public long pendingBatches() {
        return file.pendingBatches();
    }

    /** Size of the spool, including the batches set aside. */
    public long bytes() {
        return file.bytes();
    }

    /** How many batches were set aside because they contradict the store. */
    public long setAsideBatches() {
        return file.setAsideBatches();
    }

    /** When the oldest waiting batch was spooled, microseconds since the epoch. */
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

    /** Succeeds if the store behind answers, or if the spool has room. */
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
