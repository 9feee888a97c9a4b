package io.pulseplane.store.edge.sqlite;

import io.pulseplane.store.edge.sqlite.SqliteSession.CheckpointMode;
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
 * The one thread that writes. Every piece of work is a transaction of its own, in the order of subscription; its answer
 * comes after the commit has been synced. Once taken on, work is finished even if nobody waits for it any more.
 */
public final class WriterThread {

    /** Ingest has one group here at a time; the rest is paperwork. */
    private static final int MAX_QUEUED = 1_024;

    private static final Duration RETRY_WHEN_BUSY = Duration.ofMillis(100);

    private final SqliteSession session;
    private final Runnable onRollback;
    private final ThreadPoolExecutor thread = new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_QUEUED),
            Thread.ofPlatform().name("pulseplane-writer").daemon().factory());

    /** @param onRollback forgets what was remembered of rows that are not there after all; runs on the thread that writes */
    public WriterThread(SqliteSession session, Runnable onRollback) {
        this.session = session;
        this.onRollback = onRollback;
    }

    public <T> Uni<T> transaction(SqlFunction<T> work) {
        return transaction(work, _ -> {});
    }

    /** @param committed told of the answer before anybody else, and before the next transaction, on the thread that writes */
    public <T> Uni<T> transaction(SqlFunction<T> work, Consumer<? super T> committed) {
        return Uni.createFrom().emitter(emitter -> submit(emitter, work, committed));
    }

    private <T> void submit(UniEmitter<? super T> emitter, SqlFunction<T> work, Consumer<? super T> committed) {
        try {
            thread.execute(() -> {
                T answer;
                try {
                    answer = commit(work);
                    committed.accept(answer);
                } catch (Throwable failure) {
                    emitter.fail(SqliteErrors.toPlaneException(failure));
                    return;
                }
                emitter.complete(answer);
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
            onRollback.run();
            throw failure;
        }
    }

    /** Finishes what waits, moves the log into the database and closes it. */
    public void close() {
        thread.shutdown();
        try {
            while (!thread.awaitTermination(1, TimeUnit.MINUTES)) {
                System.getLogger(WriterThread.class.getName())
                        .log(System.Logger.Level.WARNING, "Still writing what was accepted");
            }
            session.checkpoint(CheckpointMode.TRUNCATE);
            session.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            throw new IllegalStateException("the store was not closed cleanly; what was acknowledged is safe", e);
        }
    }
}
