package io.pulseplane.store.edge.sqlite;

import io.pulseplane.store.FairReadQueue;
import io.pulseplane.store.FairReadQueue.Length;
import io.pulseplane.store.ReadCaller;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.sql.SQLException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs queries on a few threads, for their callers in turn: see {@link FairReadQueue}. Each thread has a session, which
 * is opened when it is first needed. A query that is cancelled is not run, or stops soon after. When too many queries
 * wait, the next is refused with {@code ResourceExhausted}.
 */
public final class ReaderPool {

    /** How long queries that are running when the pool is closed may take. */
    private static final int MAX_CLOSE_SECONDS = 5;

    private final Database database;
    private final Queue<SqliteSession> idle = new ConcurrentLinkedQueue<>();
    private final FairReadQueue queue;
    private final ThreadPoolExecutor threads;

    /** @param count how many threads run long queries; one more runs short ones only */
    public ReaderPool(Database database, int count) {
        this.database = database;
        this.queue = new FairReadQueue(count);
        this.threads = new ThreadPoolExecutor(
                count + 1,
                count + 1,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform().name("pulseplane-reader-", 0).daemon().factory());
    }

    /** Reads some rows. */
    public <T> Uni<T> read(SqlFunction<T> work) {
        return read(Length.SHORT, work);
    }

    /** Reads a page, which may take as long as thousands of short reads. */
    public <T> Uni<T> readPage(SqlFunction<T> work) {
        return read(Length.LONG, work);
    }

    private <T> Uni<T> read(Length length, SqlFunction<T> work) {
        return Uni.createFrom().emitter(emitter -> submit(emitter, length, new Query<>(work)));
    }

    private <T> void submit(UniEmitter<? super T> emitter, Length length, Query<T> query) {
        FairReadQueue.Ticket ticket;
        try {
            ticket = queue.add(ReadCaller.current(), length, () -> execute(emitter, query));
        } catch (PlaneException.ResourceExhausted tooMany) {
            emitter.fail(tooMany);
            return;
        }
        emitter.onTermination(() -> {
            query.cancel();
            queue.remove(ticket);
        });
        try {
            threads.execute(queue::runWaiting);
        } catch (RejectedExecutionException e) {
            queue.remove(ticket);
            emitter.fail(new PlaneException.Unavailable("the store is closed", null));
        }
    }

    private <T> void execute(UniEmitter<? super T> emitter, Query<T> query) {
        T result;
        SqliteSession session = null;
        try {
            session = idle.poll();
            if (session == null) {
                session = database.openForReading();
            }
            result = query.run(session);
        } catch (PlaneException refusal) {
            keep(session);
            emitter.fail(refusal);
            return;
        } catch (Throwable failure) {
            discard(session, failure);
            emitter.fail(SqliteErrors.toPlaneException(failure));
            return;
        }
        keep(session);
        emitter.complete(result);
    }

    private void keep(SqliteSession session) {
        if (session != null) {
            idle.add(session);
        }
    }

    /** After a failure the driver does not say which statements still work: an interrupted one is closed for good. */
    private static void discard(SqliteSession session, Throwable failure) {
        if (session != null) {
            try {
                session.close();
            } catch (SQLException e) {
                failure.addSuppressed(e);
            }
        }
    }

    public void close() {
        threads.shutdown();
        try {
            if (!threads.awaitTermination(MAX_CLOSE_SECONDS, TimeUnit.SECONDS)) {
                threads.shutdownNow();
            }
            for (var session = idle.poll(); session != null; session = idle.poll()) {
                session.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            throw new IllegalStateException("a session for reading was not closed cleanly", e);
        }
    }

    /** A query, which one thread runs and another may cancel. */
    private static final class Query<T> {

        private final SqlFunction<T> work;
        private volatile boolean cancelled;

        Query(SqlFunction<T> work) {
            this.work = work;
        }

        T run(SqliteSession session) throws SQLException {
            if (cancelled) {
                throw new PlaneException.DeadlineExceeded("the query was cancelled before it began");
            }
            session.interruptWhen(() -> cancelled);
            return work.run(session);
        }

        void cancel() {
            cancelled = true;
        }
    }
}
