package io.pulseplane.store.spool;

import io.pulseplane.store.ChangeListener;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Receipt;
import io.pulseplane.store.spool.SpoolFile.Entry;
import io.pulseplane.vitals.Problem;
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
    private static final int MAX_READINGS = 400_000;

    private static final int MAX_BATCHES = 8_192;

    /** The store may well be busy with what it was given when it failed; it is given time to find out. */
    private static final int PATIENCES = 6;

    private static final Duration CLOSING = Duration.ofSeconds(5);

    private final ReadingStore store;
    private final SpoolFile file;
    private final Waiting waiting;
    private final SpoolSettings settings;
    private final SpoolEvents events;
    private final Thread thread =
            Thread.ofPlatform().name("pulseplane-forwarder").daemon().unstarted(this::run);

    /** Set before the thread starts, and read by that thread only. */
    private ChangeListener changes;

    private boolean closed;
    private boolean due;

    /** Whether the store took the last group, so that it is worth waiting for it to take the next. */
    private boolean moves;

    private final List<Runnable> held = new ArrayList<>();
    private int failures;

    Forwarder(ReadingStore store, SpoolFile file, Waiting waiting, SpoolSettings settings, SpoolEvents events) {
        this.store = store;
        this.file = file;
        this.waiting = waiting;
        this.settings = settings;
        this.events = events;
    }

    synchronized void start(ChangeListener listener) {
        if (!closed) {
            changes = listener;
            due = true;
            thread.start();
        }
    }

    /** There is something to hand on. */
    synchronized void wake() {
        due = true;
        notifyAll();
    }

    /**
     * Runs the action when a group was handed on; at once while none is, and not later than the patience says.
     *
     * @param action of which only the first run counts
     */
    void whenItMoves(Runnable action) {
        synchronized (this) {
            if (moves && !closed && file.waiting() > 0) {
                held.add(action);
                CompletableFuture.delayedExecutor(settings.patience().toMillis(), TimeUnit.MILLISECONDS)
                        .execute(action);
                return;
            }
        }
        action.run();
    }

    private void run() {
        try {
            while (awaitWork()) {
                step();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            moved(false);
        }
    }

    private synchronized boolean awaitWork() throws InterruptedException {
        while (!closed && !due) {
            wait();
        }
        due = false;
        return !closed;
    }

    private void step() throws InterruptedException {
        try {
            while (!isClosed() && handOn()) {
                failures = 0;
                moved(true);
            }
            moved(false);
        } catch (SQLException | RuntimeException e) {
            moved(false);
            events.failed();
            if (!SpoolingReadings.isOutage(e) && !isClosed()) {
                LOG.log(Level.ERROR, "What waits for the database could not be handed on", e);
            }
            pause();
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private void moved(boolean goesOn) {
        List<Runnable> released;
        synchronized (this) {
            moves = goesOn;
            released = List.copyOf(held);
            held.clear();
        }
        released.forEach(Runnable::run);
    }

    /** Twice as long each time, up to a bound, less up to half of it by chance: planes must not come all at once. */
    private synchronized void pause() throws InterruptedException {
        long longest = settings.maxBackoff().toMillis();
        long now = Math.min(settings.minBackoff().toMillis() << Math.min(failures, 16), longest);
        failures++;
        long until = System.nanoTime()
                + TimeUnit.MILLISECONDS.toNanos(
                        now - ThreadLocalRandom.current().nextLong(now / 2 + 1));
        while (!closed && System.nanoTime() < until) {
            TimeUnit.NANOSECONDS.timedWait(this, until - System.nanoTime());
        }
        due = true;
    }

    /** Whether there was anything to hand on. */
    private boolean handOn() throws SQLException {
        var entries = file.after(0, MAX_BATCHES, MAX_READINGS);
        if (entries.isEmpty()) {
            return false;
        }
        List<Receipt> receipts;
        try {
            receipts = append(entries);
        } catch (Problem.Invalid e) {
            handOnOneByOne(entries);
            return true;
        }
        conclude(entries, receipts);
        return true;
    }

    private List<Receipt> append(List<Entry> entries) {
        var group = entries.stream().map(Entry::batch).toList();
        return store.append(group).await().atMost(settings.patience().multipliedBy(PATIENCES));
    }

    /** One of them is nothing that the store would ever take; it must not keep the others. */
    private void handOnOneByOne(List<Entry> entries) throws SQLException {
        for (var entry : entries) {
            try {
                conclude(List.of(entry), append(List.of(entry)));
            } catch (Problem.Invalid e) {
                LOG.log(
                        Level.ERROR,
                        "A batch that was acknowledged cannot be stored and is set aside: {0}",
                        e.getMessage());
                file.conclude(List.of(entry), List.of(entry));
                waiting.remove(entry.batch());
            }
        }
    }

    private void conclude(List<Entry> entries, List<Receipt> receipts) throws SQLException {
        var contradicted = new ArrayList<Entry>();
        for (int i = 0; i < entries.size(); i++) {
            if (isContradicted(entries.get(i).batch(), receipts.get(i))) {
                contradicted.add(entries.get(i));
            }
        }
        for (int i = 0; i < entries.size(); i++) {
            tell(entries.get(i), receipts.get(i));
        }
        file.conclude(entries, contradicted);
        for (var entry : entries) {
            waiting.remove(entry.batch());
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
        if (file.waiting() == 0) {
            LOG.log(Level.INFO, "Everything that waited is in the database");
        }
    }

    /** Readings that were told to be accepted must not be gone without a trace. */
    private static boolean isContradicted(ScreenedBatch batch, Receipt receipt) {
        return switch (receipt) {
            case Receipt.Stored(var acknowledgement, var _) -> batch.rejected() != acknowledgement.rejected();
            case Receipt.Repeated(var acknowledgement) -> batch.rejected() != acknowledgement.rejected();
            case Receipt.SequenceReused() -> true;
            // Who was erased meanwhile is to leave no trace.
            case Receipt.Spooled _, Receipt.PatientErased _ -> false;
        };
    }

    private void tell(Entry entry, Receipt receipt) {
        switch (receipt) {
            case Receipt.Stored(var _, var fresh) -> fresh.forEach(changes::readingsConfirmed);
            // Stored by an attempt of which nobody heard, so nobody was told either.
            case Receipt.Repeated _
            when !isContradicted(entry.batch(), receipt) ->
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
            thread.join(CLOSING);
            // It waits for the store, and would for long.
            thread.interrupt();
            thread.join(CLOSING);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
