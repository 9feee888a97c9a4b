package io.pulseplane.store.edge;

import io.pulseplane.store.edge.Session.CheckpointMode;
import io.pulseplane.vitals.Problem;
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
final class Writer {

    /** Ingest has one group here at a time; the rest is paperwork. */
    private static final int MAX_WAITING = 1_024;

    private static final Duration RETRY_WHEN_BUSY = Duration.ofMillis(100);

    private final Session session;
    private final Runnable onRollback;
    private final ThreadPoolExecutor thread = new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING),
            Thread.ofPlatform().name("pulseplane-writer").daemon().factory());

    /** @param onRollback forgets what was remembered of rows that are not there after all; runs on the thread that writes */
    Writer(Session session, Runnable onRollback) {
        this.session = session;
        this.onRollback = onRollback;
    }

    <T> Uni<T> transaction(Sql<T> work) {
        return transaction(work, _ -> {});
    }

    /** @param committed told of the answer before anybody else, and before the next transaction, on the thread that writes */
    <T> Uni<T> transaction(Sql<T> work, Consumer<? super T> committed) {
        return Uni.createFrom().emitter(emitter -> submit(emitter, work, committed));
    }

    private <T> void submit(UniEmitter<? super T> emitter, Sql<T> work, Consumer<? super T> committed) {
        try {
            thread.execute(() -> {
                T answer;
                try {
                    answer = commit(work);
                    committed.accept(answer);
                } catch (Throwable failure) {
                    emitter.fail(Failures.problem(failure));
                    return;
                }
                emitter.complete(answer);
            });
        } catch (RejectedExecutionException e) {
            emitter.fail(
                    thread.isShutdown()
                            ? new Problem.Unavailable("the store is closed", null)
                            : new Problem.Exhausted("too many changes wait for the disk", RETRY_WHEN_BUSY));
        }
    }

    private <T> T commit(Sql<T> work) throws SQLException {
        try {
            return session.inTransaction(work);
        } catch (Throwable failure) {
            onRollback.run();
            throw failure;
        }
    }

    /** Finishes what waits, moves the log into the database and closes it. */
    void close() {
        thread.shutdown();
        try {
            while (!thread.awaitTermination(1, TimeUnit.MINUTES)) {
                System.getLogger(Writer.class.getName())
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
