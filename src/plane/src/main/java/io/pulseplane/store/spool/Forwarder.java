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

/** Forwards spooled batches to the store, in order and one group at a time. Has a thread of its own. */
final class Forwarder {

    private static final System.Logger LOG = System.getLogger(Forwarder.class.getName());

    /** More than a group of ingest has, so that the spool empties faster than it fills. */
    private static final int MAX_READINGS_PER_GROUP = 400_000;

    private static final int MAX_BATCHES_PER_GROUP = 8_192;

    /** A store that has just recovered may still be busy with earlier writes, so a forwarded group may take longer. */
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

    Forwarder(ReadingStore store, SpoolFile file, SpoolIndex index, SpoolSettings settings, SpoolEvents events) {
        this.store = store;
        this.file = file;
        this.index = index;
        this.settings = settings;
        this.events = events;
    }

    synchronized void start(ChangeListener changes) {
        if (!closed) {
            this.changes = changes;
            workPending = true;
            thread.start();
        }
    }

    /** Wakes the thread because a batch was spooled. */
    synchronized void wake() {
        workPending = true;
        notifyAll();
    }

    /**
     * Runs the action when the next group was forwarded, or after the write timeout. While the store makes no progress,
     * runs it at once.
     *
     * @param action may run twice; only the first run must have an effect
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
                LOG.log(Level.ERROR, "Spooled batches could not be forwarded to the database", e);
            }
            backOff();
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private void reportProgress(boolean isProgressing) {
        List<Runnable> released;
        synchronized (this) {
            progressing = isProgressing;
            released = List.copyOf(actionsAfterProgress);
            actionsAfterProgress.clear();
        }
        released.forEach(Runnable::run);
    }

    /**
     * Waits before the next attempt: twice as long each time, up to a bound, less a random share of up to one half. The
     * random share keeps planes from trying all at once.
     */
    private synchronized void backOff() throws InterruptedException {
        long maxMillis = settings.maxBackoff().toMillis();
        long backoffMillis = Math.min(settings.minBackoff().toMillis() << Math.min(failures, 16), maxMillis);
        failures++;
        long deadline = System.nanoTime()
                + TimeUnit.MILLISECONDS.toNanos(
                        backoffMillis - ThreadLocalRandom.current().nextLong(backoffMillis / 2 + 1));
        while (!closed && System.nanoTime() < deadline) {
            TimeUnit.NANOSECONDS.timedWait(this, deadline - System.nanoTime());
        }
        workPending = true;
    }

    /** Forwards one group; false if no batch is spooled. */
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

    /** Forwards the batches one by one, so that a batch the store will never take does not hold up the others. */
    private void forwardOneByOne(List<Entry> entries) throws SQLException {
        for (var entry : entries) {
            try {
                finish(List.of(entry), append(List.of(entry)));
            } catch (PlaneException.InvalidArgument e) {
                LOG.log(
                        Level.ERROR,
                        "The store does not take a batch that was acknowledged; it is set aside: {0}",
                        e.getMessage());
                file.removeUpTo(List.of(entry), List.of(entry));
                index.remove(entry.batch());
            }
        }
    }

    private void finish(List<Entry> entries, List<AppendResult> receipts) throws SQLException {
        var conflicting = new ArrayList<Entry>();
        for (int i = 0; i < entries.size(); i++) {
            if (hasConflict(entries.get(i).batch(), receipts.get(i))) {
                conflicting.add(entries.get(i));
            }
        }
        for (int i = 0; i < entries.size(); i++) {
            publish(entries.get(i), receipts.get(i));
        }
        file.removeUpTo(entries, conflicting);
        for (var entry : entries) {
            index.remove(entry.batch());
        }
        if (!conflicting.isEmpty()) {
            LOG.log(
                    Level.WARNING,
                    "{0} spooled batches contradict the database; they are set aside",
                    conflicting.size());
            conflicting.forEach(
                    entry -> entry.batch().blocks().forEach(block -> changes.readingsDisplaced(block.columns())));
        }
        events.forwarded(entries.size());
        if (file.pendingBatches() == 0) {
            LOG.log(Level.INFO, "All spooled batches are in the database");
        }
    }

    /**
     * Whether the store decided differently from the acknowledgement. The acknowledgement promised that these readings
     * are accepted, so they must not disappear without a trace.
     */
    private static boolean hasConflict(ScreenedBatch batch, AppendResult receipt) {
        return switch (receipt) {
            case AppendResult.Stored(var acknowledgement, var _) -> batch.rejected() != acknowledgement.rejected();
            case AppendResult.Repeated(var acknowledgement) -> batch.rejected() != acknowledgement.rejected();
            case AppendResult.SequenceConflict _, AppendResult.PatientUnreadable _ -> true;
            // A patient who was erased meanwhile must leave no trace.
            case AppendResult.Spooled _, AppendResult.PatientErased _ -> false;
        };
    }

    private void publish(Entry entry, AppendResult receipt) {
        switch (receipt) {
            case AppendResult.Stored(var _, var fresh) -> fresh.forEach(changes::readingsConfirmed);
            // An earlier attempt stored the batch, but its answer was lost, so no listener was called.
            case AppendResult.Repeated _
            when !hasConflict(entry.batch(), receipt) ->
                entry.batch().blocks().forEach(block -> changes.readingsConfirmed(block.columns()));
            default -> {
                // No reading of it is new.
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
            // The thread may wait for the store for a long time.
            thread.interrupt();
            thread.join(CLOSE_TIMEOUT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
