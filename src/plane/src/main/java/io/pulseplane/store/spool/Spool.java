package io.pulseplane.store.spool;

import io.pulseplane.store.ChangeListener;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Receipt;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Problem;
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
 * The way into the spool: one thread that writes groups to the file, in order, and keeps count of what waits.
 *
 * <p>While the store takes what waits, whoever brings more is answered when some of it has been handed on, so that more
 * goes out than comes in and there is an end to it.
 */
final class Spool {

    private static final System.Logger LOG = System.getLogger(Spool.class.getName());

    /** Ingest has one group here at a time. */
    private static final int MAX_GROUPS = 1_024;

    private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(1);
    private static final Duration CLOSING = Duration.ofSeconds(10);
    private static final int COUNTED_AT_ONCE = 1_000;

    private final SpoolFile file;
    private final SpoolSettings settings;
    private final LongSupplier now;
    private final SpoolEvents events;
    private final Waiting waiting = new Waiting();
    private final Forwarder forwarder;
    private final ThreadPoolExecutor thread = new ThreadPoolExecutor(
            1,
            1,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_GROUPS),
            Thread.ofPlatform().name("pulseplane-spool").daemon().factory());

    private int unwritten;

    /** How many bytes there were when some did not fit. */
    private volatile long refusedAt = Long.MAX_VALUE;

    /** Whether it is known of which series readings wait that were here before. */
    private volatile boolean counted;

    Spool(ReadingStore store, SpoolFile file, SpoolSettings settings, LongSupplier now, SpoolEvents events) {
        this.file = file;
        this.settings = settings;
        this.now = now;
        this.events = events;
        this.forwarder = new Forwarder(store, file, waiting, settings, events);
        this.counted = file.waiting() == 0;
        thread.allowCoreThreadTimeOut(true);
    }

    void start(ChangeListener changes) {
        if (counted) {
            forwarder.start(changes);
        } else {
            LOG.log(Level.INFO, "{0} batches wait for the database from before", file.waiting());
            thread.execute(() -> countBefore(changes));
        }
    }

    private void countBefore(ChangeListener changes) {
        try {
            long number = 0;
            List<SpoolFile.Entry> entries;
            do {
                entries = file.after(number, COUNTED_AT_ONCE, Integer.MAX_VALUE);
                for (var entry : entries) {
                    waiting.add(entry.batch());
                    number = entry.number();
                }
            } while (!entries.isEmpty());
            counted = true;
            forwarder.start(changes);
        } catch (SQLException | RuntimeException e) {
            LOG.log(Level.ERROR, "What waits from before cannot be read; nothing is handed on", e);
        }
    }

    /** Whether batches wait, so that those that come now have to wait behind them. */
    synchronized boolean isInUse() {
        return unwritten > 0 || file.waiting() > 0;
    }

    /** Whether nothing was refused since something was last handed on. */
    boolean hasRoom() {
        return file.bytes() < refusedAt;
    }

    Collection<Reading> latest(Subject subject) {
        requireCounted();
        return waiting.latest(subject);
    }

    boolean has(Series series, TimeRange range) {
        requireCounted();
        return waiting.has(series, range);
    }

    private void requireCounted() {
        if (!counted) {
            throw new Problem.Unavailable("what waits for the database is being looked through", null);
        }
    }

    /** The store failed to take the group. */
    Uni<List<Receipt>> appendInstead(List<ScreenedBatch> group, Throwable failure) {
        if (!isInUse()) {
            LOG.log(Level.WARNING, "The database does not take batches, they are spooled: {0}", reason(failure));
        }
        return append(group);
    }

    private static String reason(Throwable failure) {
        return failure instanceof Problem ? failure.getMessage() : "no answer in time";
    }

    Uni<List<Receipt>> append(List<ScreenedBatch> group) {
        return Uni.createFrom().emitter(emitter -> submit(group, emitter));
    }

    private void submit(List<ScreenedBatch> group, UniEmitter<? super List<Receipt>> emitter) {
        synchronized (this) {
            unwritten++;
        }
        try {
            thread.execute(() -> write(group, emitter));
        } catch (RejectedExecutionException e) {
            written();
            emitter.fail(
                    thread.isShutdown()
                            ? new Problem.Unavailable("the store is closed", null)
                            : new Problem.Exhausted("too much waits for the disk", RETRY_WHEN_FULL));
        }
    }

    private synchronized void written() {
        unwritten--;
    }

    private void write(List<ScreenedBatch> group, UniEmitter<? super List<Receipt>> emitter) {
        List<Receipt> receipts;
        try {
            receipts = write(group);
        } catch (Throwable failure) {
            written();
            emitter.fail(problem(failure));
            return;
        }
        written();
        forwarder.wake();
        forwarder.whenItMoves(() -> emitter.complete(receipts));
    }

    private List<Receipt> write(List<ScreenedBatch> group) throws SQLException {
        var receipts = new ArrayList<Receipt>(group.size());
        var sealed = new ArrayList<SpoolFile.Sealed>(group.size());
        var known = new HashMap<Key, ScreenedBatch>();
        long bytes = 0;
        for (var batch : group) {
            var before = known.get(Key.of(batch));
            if (before == null) {
                var entry = file.find(batch);
                before = entry == null ? null : entry.batch();
            }
            if (before == null) {
                known.put(Key.of(batch), batch);
                var one = file.seal(batch);
                bytes += one.bytes().length + SpoolFile.ROW_BYTES;
                sealed.add(one);
                receipts.add(new Receipt.Spooled(acknowledgement(batch), columns(batch), false));
            } else if (before.digest() == batch.digest()) {
                receipts.add(new Receipt.Spooled(acknowledgement(before), List.of(), true));
            } else {
                receipts.add(new Receipt.SequenceReused());
            }
        }
        refuseBeyondBounds(sealed.size(), bytes);
        file.append(sealed, now.getAsLong());
        sealed.forEach(one -> waiting.add(one.batch()));
        events.spooled(sealed.size());
        return receipts;
    }

    private record Key(String device, long sequence) {
        static Key of(ScreenedBatch batch) {
            return new Key(batch.device(), batch.sequence());
        }
    }

    private void refuseBeyondBounds(int batches, long bytes) {
        if (batches > 0
                && (file.waiting() + file.setAside() + batches > settings.maxBatches()
                        || file.bytes() + bytes > settings.maxBytes())) {
            refusedAt = file.bytes();
            events.refused(batches);
            throw new Problem.Exhausted("the database does not answer, and the plane's spool is full", RETRY_WHEN_FULL);
        }
    }

    private static Acknowledgement acknowledgement(ScreenedBatch batch) {
        return new Acknowledgement(
                batch.device(), batch.sequence(), batch.size(), batch.duplicates(), batch.rejections());
    }

    private static List<Columns> columns(ScreenedBatch batch) {
        return batch.blocks().stream().map(ScreenedBatch.Block::columns).toList();
    }

    private static Throwable problem(Throwable failure) {
        if (failure instanceof SQLException e) {
            LOG.log(Level.ERROR, "The spool does not take batches: {0}", e.getMessage());
            return new Problem.Unavailable("neither the database nor the plane's disk answers; nothing was stored", e);
        }
        return failure;
    }

    /** Finishes what was begun; what waits is handed on when the plane runs again. */
    void close() {
        thread.shutdown();
        forwarder.close();
        try {
            if (!thread.awaitTermination(CLOSING.toSeconds(), TimeUnit.SECONDS)) {
                LOG.log(Level.WARNING, "Some of what was taken is not spooled; it was not acknowledged");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
