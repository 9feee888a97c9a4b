package io.pulseplane.store.edge.sqlite;

import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The one thread that writes. It runs each piece of work in a transaction of its own, in the order of subscription, and
 * completes after the commit has been synced. Work that was queued is finished even if its caller has cancelled.
 */
public final class WriterThread {

    /** Ingest queues one group at a time; everything else is changes to the registry and maintenance. */
    private static final int MAX_QUEUED = 1_024;

    private static final Duration RETRY_WHEN_BUSY = Duration.ofMillis(100);

    private static final long NEVER = Long.MIN_VALUE;

    /** In nanoseconds of the monotonic clock. */
    private volatile long lastWrite = NEVER;

    private final SqliteSession session;
    private final Runnable onRollback;
    private final ThreadPoolExecutor thread = new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_QUEUED),
            Thread.ofPlatform().name("pulseplane-writer").daemon().factory());

    /** @param onRollback clears caches of rows that were rolled back; runs on the thread that writes */
    public WriterThread(SqliteSession session, Runnable onRollback) {
        this.session = session;
        this.onRollback = onRollback;
    }

    public <T> Uni<T> transaction(SqlFunction<T> work) {
        return transaction(work, _ -> {});
    }

    /**
     * Runs work in a transaction.
     *
     * @param onCommit gets the result on the thread that writes, before the caller gets it and before the next
     *     transaction
     */
    public <T> Uni<T> transaction(SqlFunction<T> work, Consumer<? super T> onCommit) {
        return Uni.createFrom().emitter(emitter -> submit(emitter, work, onCommit));
    }

    private <T> void submit(UniEmitter<? super T> emitter, SqlFunction<T> work, Consumer<? super T> onCommit) {
        try {
            thread.execute(() -> {
                T result;
                try {
                    result = commit(work);
                    onCommit.accept(result);
                } catch (Throwable failure) {
                    emitter.fail(SqliteErrors.toPlaneException(failure));
                    return;
                }
                emitter.complete(result);
            });
        } catch (RejectedExecutionException e) {
            emitter.fail(
                    thread.isShutdown()
                            ? new PlaneException.Unavailable("the store is closed", null)
                            : new PlaneException.ResourceExhausted(
                                    "too many changes wait for the disk", RETRY_WHEN_BUSY));
        }
    }

    private <T> T commit(SqlFunction<T> work) throws SQLException {
        try {
            return session.inTransaction(work);
        } catch (Throwable failure) {
            if (!(failure instanceof PlaneException)) {
                lastWrite = NEVER;
            }
            onRollback.run();
            throw failure;
        }
    }

    /** Notes that a transaction has changed something and was synced. */
    public void confirmWrite() {
        lastWrite = System.nanoTime();
    }

    /** Whether a write was confirmed within this time, and no transaction has failed since. */
    public boolean hasWrittenWithin(Duration time) {
        long last = lastWrite;
        return last != NEVER && System.nanoTime() - last < time.toNanos();
    }

    /** Finishes the queued work, makes a checkpoint and closes the session. */
    public void close() {
        thread.shutdown();
        try {
            while (!thread.awaitTermination(1, TimeUnit.MINUTES)) {
                System.getLogger(WriterThread.class.getName())
                        .log(System.Logger.Level.WARNING, "Still writing queued changes; the store closes after them");
            }
            session.closeWithCheckpoint();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            throw new IllegalStateException("the store was not closed cleanly; acknowledged batches are safe", e);
        }
    }
}
