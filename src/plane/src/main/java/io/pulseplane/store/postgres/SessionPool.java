package io.pulseplane.store.postgres;

import io.pulseplane.store.FairReadQueue;
import io.pulseplane.store.FairReadQueue.Length;
import io.pulseplane.store.ReadCaller;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.sqlclient.Pool;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Lends connections of the pool to changes, and to queries in turn of their callers. A connection returns to the pool
 * only when its last statement was answered, so one that hangs is never lent again. A query can be cancelled while it
 * runs; a change is always finished.
 */
final class SessionPool {

    /** How often a transaction is tried that fails because of concurrent ones. */
    static final int MAX_ATTEMPTS = 4;

    private final Pool pool;
    private final PostgresErrors failures;
    private final ReadGuard readGuard;
    private final ReadScheduler scheduler;
    private final SchemaCheck schema = new SchemaCheck();
    private volatile boolean closed;

    SessionPool(Pool pool, PostgresErrors failures, ReadGuard readGuard, ReadScheduler scheduler) {
        this.pool = pool;
        this.failures = failures;
        this.readGuard = readGuard;
        this.scheduler = scheduler;
    }

    /** Borrows a session, after the schema check. */
    Future<PostgresSession> borrow() {
        if (closed) {
            return Future.failedFuture(new PlaneException.Unavailable("the store is closed", null));
        }
        return pool.getConnection()
                .recover(failure -> Future.failedFuture(
                        failure instanceof ConnectionPoolTooBusyException
                                ? PostgresErrors.queueFullException()
                                : failure))
                .compose(connection -> {
                    failures.noteConnected();
                    var session = new PostgresSession(connection);
                    return schema.check(session)
                            .onFailure(_ -> session.release())
                            .map(session);
                });
    }

    /** Reads some rows. */
    <T> Uni<T> read(SessionTask<T> task) {
        return read(Length.SHORT, task);
    }

    /** Reads pages, which may take as long as thousands of short reads. */
    <T> Uni<T> readPages(SessionTask<T> task) {
        return read(Length.LONG, task);
    }

    private <T> Uni<T> read(Length length, SessionTask<T> task) {
        return Uni.createFrom().emitter(emitter -> {
            var cancellableRead = new CancellableRead<>(ReadCaller.current(), length, task);
            emitter.onTermination(cancellableRead::cancel);
            readGuard.call(cancellableRead::start).whenComplete((answer, failure) -> {
                if (failure == null) {
                    emitter.complete(answer);
                } else {
                    // The guard may have given the attempt up while it still runs.
                    cancellableRead.cancel();
                    emitter.fail(failures.toPlaneException(PlaneException.unwrap(failure)));
                }
            });
        });
    }

    <T> Uni<T> transaction(SessionTask<T> task) {
        return Uni.createFrom()
                .emitter(emitter -> attempt(task, MAX_ATTEMPTS)
                        .recover(failure -> Future.failedFuture(failures.toPlaneExceptionOfWrite(failure)))
                        .onComplete(answer -> emit(answer, emitter)));
    }

    private <T> Future<T> attempt(SessionTask<T> task, int attempts) {
        return borrow().compose(session -> commit(session, task).onComplete(_ -> session.release()))
                .recover(failure -> attempts > 1 && PostgresErrors.isTransient(failure)
                        ? attempt(task, attempts - 1)
                        : Future.failedFuture(failure));
    }

    private static <T> Future<T> commit(PostgresSession session, SessionTask<T> task) {
        session.begin();
        return task.run(session)
                .compose(answer -> session.commit().map(answer))
                .recover(failure -> session.rollBack().transform(_ -> Future.<T>failedFuture(failure)));
    }

    private <T> void emit(AsyncResult<T> answer, UniEmitter<? super T> emitter) {
        if (answer.succeeded()) {
            emitter.complete(answer.result());
        } else {
            emitter.fail(failures.toPlaneException(answer.cause()));
        }
    }

    /** From now on borrowing fails with {@code Unavailable}. Running tasks go on until the pool is closed. */
    void close() {
        closed = true;
    }

    /** A query that may take several attempts, and that can be cancelled. */
    private final class CancellableRead<T> {

        private final String caller;
        private final Length length;
        private final SessionTask<T> task;
        private ReadAttempt<T> lastAttempt;
        private boolean cancelled;

        CancellableRead(String caller, Length length, SessionTask<T> task) {
            this.caller = caller;
            this.length = length;
            this.task = task;
        }

        synchronized CompletionStage<T> start() {
            if (cancelled) {
                return CompletableFuture.failedStage(cancelledException());
            }
            lastAttempt = new ReadAttempt<>(task);
            return lastAttempt.start(caller, length);
        }

        synchronized void cancel() {
            cancelled = true;
            if (lastAttempt != null) {
                lastAttempt.cancel();
            }
        }
    }

    /** One attempt at a query. One thread may finish it while another cancels it. */
    private final class ReadAttempt<T> {

        private final SessionTask<T> task;
        private final CompletableFuture<T> answer = new CompletableFuture<>();
        private FairReadQueue.Ticket ticket;
        private PostgresSession session;
        private boolean finished;
        private Future<Void> cancellation = Future.succeededFuture();

        ReadAttempt(SessionTask<T> task) {
            this.task = task;
        }

        CompletionStage<T> start(String caller, Length length) {
            try {
                synchronized (this) {
                    ticket = scheduler.add(caller, length, this::begin);
                }
            } catch (PlaneException.ResourceExhausted tooMany) {
                return CompletableFuture.failedStage(tooMany);
            }
            scheduler.beginWaiting();
            return answer;
        }

        private void begin() {
            borrow().onComplete(borrowed -> {
                if (borrowed.failed()) {
                    end();
                    answer.completeExceptionally(borrowed.cause());
                } else if (accept(borrowed.result())) {
                    task.run(borrowed.result()).onComplete(this::finish);
                } else {
                    borrowed.result().release();
                    end();
                    answer.completeExceptionally(cancelledException());
                }
            });
        }

        private void end() {
            FairReadQueue.Ticket ended;
            synchronized (this) {
                ended = ticket;
            }
            scheduler.done(ended);
        }

        private synchronized boolean accept(PostgresSession borrowed) {
            session = finished ? null : borrowed;
            return !finished;
        }

        /** Does nothing if the attempt has finished. */
        void cancel() {
            boolean waited;
            synchronized (this) {
                if (!finished && session != null) {
                    cancellation = session.cancel();
                }
                finished = true;
                waited = ticket != null && scheduler.remove(ticket);
            }
            if (waited) {
                answer.completeExceptionally(cancelledException());
            }
        }

        private void finish(AsyncResult<T> result) {
            Future<Void> cancelRequest;
            synchronized (this) {
                finished = true;
                cancelRequest = cancellation;
            }
            // A cancel request that is still on its way must not hit the query of the next borrower.
            cancelRequest.onComplete(_ -> {
                session.release();
                end();
            });
            if (result.succeeded()) {
                answer.complete(result.result());
            } else {
                answer.completeExceptionally(result.cause());
            }
        }
    }

    private static PlaneException cancelledException() {
        return new PlaneException.DeadlineExceeded("the query was cancelled before it was done");
    }
}
