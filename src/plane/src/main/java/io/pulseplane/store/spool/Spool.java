package io.pulseplane.store.spool;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.ChangeListener;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Writes groups to the spool file, in order, on a thread of its own, and indexes the batches that wait.
 *
 * <p>While the forwarder makes progress, an append is answered only when another group was forwarded. So callers bring
 * batches more slowly than the forwarder takes them away, and the spool empties.
 */
final class Spool {

    private static final System.Logger LOG = System.getLogger(Spool.class.getName());

    /** Far more than are expected: ingest has one group here at a time. */
    private static final int MAX_QUEUED_GROUPS = 1_024;

    private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(1);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);
    private static final int INDEXED_AT_ONCE = 1_000;

    private final SpoolFile file;
    private final SpoolSettings settings;
    private final LongSupplier now;
    private final SpoolEvents events;
    private final SpoolIndex index = new SpoolIndex();
    private final Forwarder forwarder;
    private final ThreadPoolExecutor writerThread = new ThreadPoolExecutor(
            1,
            1,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_QUEUED_GROUPS),
            Thread.ofPlatform().name("pulseplane-spool").daemon().factory());

    private int pendingWrites;

    /** Size of the spool when it last refused batches. */
    private volatile long bytesAtRefusal = Long.MAX_VALUE;

    /** Whether the batches of the previous run are in the index. */
    private volatile boolean indexed;

    Spool(ReadingStore store, SpoolFile file, SpoolSettings settings, LongSupplier now, SpoolEvents events) {
        this.file = file;
        this.settings = settings;
        this.now = now;
        this.events = events;
        this.forwarder = new Forwarder(store, file, index, settings, events);
        this.indexed = file.pendingBatches() == 0;
        writerThread.allowCoreThreadTimeOut(true);
    }

    void start(ChangeListener changes) {
        if (indexed) {
            forwarder.start(changes);
        } else {
            LOG.log(Level.INFO, "{0} spooled batches of the previous run wait for the database", file.pendingBatches());
            writerThread.execute(() -> indexExisting(changes));
        }
    }

    private void indexExisting(ChangeListener changes) {
        try {
            long number = 0;
            List<SpoolFile.Entry> entries;
            do {
                entries = file.entriesAfter(number, INDEXED_AT_ONCE, Integer.MAX_VALUE);
                for (var entry : entries) {
                    index.add(entry.batch());
                    number = entry.number();
                }
            } while (!entries.isEmpty());
            indexed = true;
            forwarder.start(changes);
        } catch (SQLException | RuntimeException e) {
            LOG.log(Level.ERROR, "Spooled batches of the previous run cannot be read; nothing is forwarded", e);
        }
    }

    /** Whether batches wait. New batches must then wait behind them. */
    synchronized boolean isInUse() {
        return pendingWrites > 0 || file.pendingBatches() > 0;
    }

    /** Whether the spool is smaller than when it last refused batches. */
    boolean hasRoom() {
        return file.bytes() < bytesAtRefusal;
    }

    Collection<Reading> latest(Subject subject) {
        requireIndexed();
        return index.latest(subject);
    }

    boolean mayContain(Series series, TimeRange range) {
        requireIndexed();
        return index.mayContain(series, range);
    }

    private void requireIndexed() {
        if (!indexed) {
            throw new PlaneException.Unavailable("the plane is still indexing its spooled batches", null);
        }
    }

    /** Spools a group that the store failed to take. */
    Uni<List<AppendResult>> appendAfterFailure(List<ScreenedBatch> group, Throwable failure) {
        if (!isInUse()) {
            LOG.log(Level.WARNING, "The database does not take batches; they are spooled: {0}", describe(failure));
        }
        return append(group);
    }

    private static String describe(Throwable failure) {
        return failure instanceof PlaneException ? failure.getMessage() : "no answer in time";
    }

    Uni<List<AppendResult>> append(List<ScreenedBatch> group) {
        return Uni.createFrom().emitter(emitter -> submit(group, emitter));
    }

    private void submit(List<ScreenedBatch> group, UniEmitter<? super List<AppendResult>> emitter) {
        synchronized (this) {
            pendingWrites++;
        }
        try {
            writerThread.execute(() -> write(group, emitter));
        } catch (RejectedExecutionException e) {
            finishWrite();
            emitter.fail(
                    writerThread.isShutdown()
                            ? new PlaneException.Unavailable("the store is closed", null)
                            : new PlaneException.ResourceExhausted(
                                    "too many batches wait for the disk", RETRY_WHEN_FULL));
        }
    }

    private synchronized void finishWrite() {
        pendingWrites--;
    }

    private void write(List<ScreenedBatch> group, UniEmitter<? super List<AppendResult>> emitter) {
        List<AppendResult> receipts;
        try {
            receipts = write(group);
        } catch (Throwable failure) {
            finishWrite();
            emitter.fail(toPlaneException(failure));
            return;
        }
        finishWrite();
        forwarder.wake();
        forwarder.afterProgress(() -> emitter.complete(receipts));
    }

    private List<AppendResult> write(List<ScreenedBatch> group) throws SQLException {
        var receipts = new ArrayList<AppendResult>(group.size());
        var sealed = new ArrayList<SpoolFile.SealedBatch>(group.size());
        var newBatches = new HashMap<BatchKey, ScreenedBatch>();
        long bytes = 0;
        for (var batch : group) {
            var earlier = newBatches.get(BatchKey.of(batch));
            if (earlier == null) {
                var entry = file.find(batch);
                earlier = entry == null ? null : entry.batch();
            }
            if (earlier == null) {
                newBatches.put(BatchKey.of(batch), batch);
                var sealedBatch = file.seal(batch);
                bytes += sealedBatch.ciphertext().length + SpoolFile.ROW_OVERHEAD_BYTES;
                sealed.add(sealedBatch);
                receipts.add(new AppendResult.Spooled(acknowledgement(batch), columns(batch), false));
            } else if (earlier.digest() == batch.digest()) {
                receipts.add(new AppendResult.Spooled(acknowledgement(earlier), List.of(), true));
            } else {
                receipts.add(new AppendResult.SequenceConflict());
            }
        }
        requireRoom(sealed.size(), bytes);
        file.append(sealed, now.getAsLong());
        sealed.forEach(sealedBatch -> index.add(sealedBatch.batch()));
        events.spooled(sealed.size());
        return receipts;
    }

    private record BatchKey(String device, long sequence) {
        static BatchKey of(ScreenedBatch batch) {
            return new BatchKey(batch.device(), batch.sequence());
        }
    }

    private void requireRoom(int batches, long bytes) {
        if (batches > 0
                && (file.pendingBatches() + file.setAsideBatches() + batches > settings.maxBatches()
                        || file.bytes() + bytes > settings.maxBytes())) {
            bytesAtRefusal = file.bytes();
            events.refused(batches);
            throw new PlaneException.ResourceExhausted(
                    "the database does not answer, and the plane's spool is full", RETRY_WHEN_FULL);
        }
    }

    private static Acknowledgement acknowledgement(ScreenedBatch batch) {
        return new Acknowledgement(
                batch.device(), batch.sequence(), batch.size(), batch.duplicates(), batch.rejections());
    }

    private static List<Columns> columns(ScreenedBatch batch) {
        return batch.blocks().stream().map(ScreenedBatch.Block::columns).toList();
    }

    private static Throwable toPlaneException(Throwable failure) {
        if (failure instanceof SQLException e) {
            LOG.log(Level.ERROR, "The spool does not take batches: {0}", e.getMessage());
            return new PlaneException.Unavailable(
                    "neither the database nor the plane's disk answers; nothing was stored", e);
        }
        return failure;
    }

    /** Finishes the writes under way. Batches that still wait are forwarded when the plane runs again. */
    void close() {
        writerThread.shutdown();
        forwarder.close();
        try {
            if (!writerThread.awaitTermination(CLOSE_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                LOG.log(
                        Level.WARNING,
                        "Some batches were not spooled before the plane closed; none of them was acknowledged");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
