package io.pulseplane.store.spool;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.ChangeListener;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.spool.SpoolFile.Entry;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.ScreenedBatch;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Hands on what waits, in order, one group at a time, until the store has it; on a thread of its own. */
final class Forwarder {

    private static final System.Logger LOG = System.getLogger(Forwarder.class.getName());

    /** More than a group of ingest has, so that more goes out than comes in. */
    private static final int MAX_READINGS_PER_GROUP = 400_000;

    private static final int MAX_BATCHES_PER_GROUP = 8_192;

    /** The store may well be busy with what it was given when it failed; it is given time to find out. */
    private static final int WRITE_TIMEOUT_FACTOR = 6;

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private final ReadingStore store;
    private final SpoolFile file;
    private final SpoolIndex index;
    private final SpoolSettings settings;
    private final SpoolEvents events;
    private final Thread thread =
            Thread.ofPlatform().name("pulseplane-forwarder").daemon().unstarted(this::run);

    /** Set before the thread starts, and read by that thread only. */
    private ChangeListener changes;

    private boolean closed;
    private boolean workPending;

    /** Whether the store took the last group, so that it is worth waiting for it to take the next. */
    private boolean progressing;

    private final List<Runnable> actionsAfterProgress = new ArrayList<>();
    private int failures;

    Forwarder(ReadingStore store, SpoolFile file, SpoolIndex waiting, SpoolSettings settings, SpoolEvents events) {
        this.store = store;
        this.file = file;
        this.index = waiting;
        this.settings = settings;
        this.events = events;
    }

    synchronized void start(ChangeListener listener) {
        if (!closed) {
            changes = listener;
            workPending = true;
            thread.start();
        }
    }

    /** There is something to hand on. */
    synchronized void wake() {
        workPending = true;
        notifyAll();
    }

    /**
     * Runs the action when a group was handed on; at once while none is, and not later than the patience says.
     *
     * @param action of which only the first run counts
     */
    void afterProgress(Runnable action) {
        synchronized (this) {
            if (progressing && !closed && file.pendingBatches() > 0) {
                actionsAfterProgress.add(action);
                CompletableFuture.delayedExecutor(settings.writeTimeout().toMillis(), TimeUnit.MILLISECONDS)
                        .execute(action);
                return;
            }
        }
        action.run();
    }

    private void run() {
        try {
            while (awaitWork()) {
                forwardAll();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            reportProgress(false);
        }
    }

    private synchronized boolean awaitWork() throws InterruptedException {
        while (!closed && !workPending) {
            wait();
        }
        workPending = false;
        return !closed;
    }

    private void forwardAll() throws InterruptedException {
        try {
            while (!isClosed() && forwardGroup()) {
                failures = 0;
                reportProgress(true);
            }
            reportProgress(false);
        } catch (SQLException | RuntimeException e) {
            reportProgress(false);
            events.failed();
            if (!SpoolingReadings.isOutage(e) && !isClosed()) {
                LOG.log(Level.ERROR, "What waits for the database could not be handed on", e);
            }
            backOff();
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private void reportProgress(boolean goesOn) {
        List<Runnable> released;
        synchronized (this) {
            progressing = goesOn;
            released = List.copyOf(actionsAfterProgress);
            actionsAfterProgress.clear();
        }
        released.forEach(Runnable::run);
    }

    /** Twice as long each time, up to a bound, less up to half of it by chance: planes must not come all at once. */
    private synchronized void backOff() throws InterruptedException {
        long longest = settings.maxBackoff().toMillis();
        long now = Math.min(settings.minBackoff().toMillis() << Math.min(failures, 16), longest);
        failures++;
        long until = System.nanoTime()
                + TimeUnit.MILLISECONDS.toNanos(
                        now - ThreadLocalRandom.current().nextLong(now / 2 + 1));
        while (!closed && System.nanoTime() < until) {
            TimeUnit.NANOSECONDS.timedWait(this, until - System.nanoTime());
        }
        workPending = true;
    }

    /** Whether there was anything to hand on. */
    private boolean forwardGroup() throws SQLException {
        var entries = file.entriesAfter(0, MAX_BATCHES_PER_GROUP, MAX_READINGS_PER_GROUP);
        if (entries.isEmpty()) {
            return false;
        }
        List<AppendResult> receipts;
        try {
            receipts = append(entries);
        } catch (PlaneException.InvalidArgument e) {
            forwardOneByOne(entries);
            return true;
        }
        finish(entries, receipts);
        return true;
    }

    private List<AppendResult> append(List<Entry> entries) {
        var group = entries.stream().map(Entry::batch).toList();
        return store.append(group).await().atMost(settings.writeTimeout().multipliedBy(WRITE_TIMEOUT_FACTOR));
    }

    /** One of them is nothing that the store would ever take; it must not keep the others. */
    private void forwardOneByOne(List<Entry> entries) throws SQLException {
        for (var entry : entries) {
            try {
                finish(List.of(entry), append(List.of(entry)));
            } catch (PlaneException.InvalidArgument e) {
                LOG.log(
                        Level.ERROR,
                        "A batch that was acknowledged cannot be stored and is set aside: {0}",
                        e.getMessage());
                file.removeUpTo(List.of(entry), List.of(entry));
                index.remove(entry.batch());
            }
        }
    }

    private void finish(List<Entry> entries, List<AppendResult> receipts) throws SQLException {
        var contradicted = new ArrayList<Entry>();
        for (int i = 0; i < entries.size(); i++) {
            if (hasConflict(entries.get(i).batch(), receipts.get(i))) {
                contradicted.add(entries.get(i));
            }
        }
        for (int i = 0; i < entries.size(); i++) {
            publish(entries.get(i), receipts.get(i));
        }
        file.removeUpTo(entries, contradicted);
        for (var entry : entries) {
            index.remove(entry.batch());
        }
        if (!contradicted.isEmpty()) {
            LOG.log(
                    Level.WARNING,
                    "The database has something else for {0} batches that had waited; they are set aside",
                    contradicted.size());
            contradicted.forEach(
                    entry -> entry.batch().blocks().forEach(block -> changes.readingsDisplaced(block.columns())));
        }
        events.forwarded(entries.size());
        if (file.pendingBatches() == 0) {
            LOG.log(Level.INFO, "Everything that waited is in the database");
        }
    }

    /** Readings that were told to be accepted must not be gone without a trace. */
    private static boolean hasConflict(ScreenedBatch batch, AppendResult receipt) {
        return switch (receipt) {
            case AppendResult.Stored(var acknowledgement, var _) -> batch.rejected() != acknowledgement.rejected();
            case AppendResult.Repeated(var acknowledgement) -> batch.rejected() != acknowledgement.rejected();
            case AppendResult.SequenceConflict() -> true;
            // Who was erased meanwhile is to leave no trace.
            case AppendResult.Spooled _, AppendResult.PatientErased _ -> false;
        };
    }

    private void publish(Entry entry, AppendResult receipt) {
        switch (receipt) {
            case AppendResult.Stored(var _, var fresh) -> fresh.forEach(changes::readingsConfirmed);
            // Stored by an attempt of which nobody heard, so nobody was told either.
            case AppendResult.Repeated _
            when !hasConflict(entry.batch(), receipt) ->
                entry.batch().blocks().forEach(block -> changes.readingsConfirmed(block.columns()));
            default -> {
                // Nothing of it is new.
            }
        }
    }

    void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        if (thread.getState() == Thread.State.NEW) {
            return;
        }
        try {
            thread.join(CLOSE_TIMEOUT);
            // It waits for the store, and would for long.
            thread.interrupt();
            thread.join(CLOSE_TIMEOUT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
