package io.pulseplane.store.postgres;

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
 * Lends connections of the pool to questions and changes, and takes them back when the last statement is answered, so
 * that a connection that hangs is never lent again. A cancelled question is stopped where it stands; a change once begun
 * is finished.
 */
final class SessionPool {

    /** A transaction that lost to another one is tried again at once, this often. */
    static final int MAX_ATTEMPTS = 4;

    private final Pool pool;
    private final PostgresErrors failures;
    private final ReadGuard readGuard;
    private final SchemaCheck schema = new SchemaCheck();
    private volatile boolean closed;

    SessionPool(Pool pool, PostgresErrors failures, ReadGuard guarded) {
        this.pool = pool;
        this.failures = failures;
        this.readGuard = guarded;
    }

    /** A session on tables that are as this program knows them. */
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

    <T> Uni<T> read(SessionTask<T> work) {
        return Uni.createFrom().emitter(emitter -> {
            var asking = new CancellableRead<>(work);
            emitter.onTermination(asking::cancel);
            readGuard.call(asking::start).whenComplete((answer, failure) -> {
                if (failure == null) {
                    emitter.complete(answer);
                } else {
                    // Nobody waits for it any more, whether it is over or not.
                    asking.cancel();
                    emitter.fail(failures.toPlaneException(PlaneException.unwrap(failure)));
                }
            });
        });
    }

    <T> Uni<T> transaction(SessionTask<T> work) {
        return Uni.createFrom()
                .emitter(emitter -> attempt(work, MAX_ATTEMPTS)
                        .recover(failure -> Future.failedFuture(failures.toPlaneExceptionOfWrite(failure)))
                        .onComplete(answer -> emit(answer, emitter)));
    }

    private <T> Future<T> attempt(SessionTask<T> work, int attempts) {
        return borrow().compose(session -> commit(session, work).onComplete(_ -> session.release()))
                .recover(failure -> attempts > 1 && PostgresErrors.isTransient(failure)
                        ? attempt(work, attempts - 1)
                        : Future.failedFuture(failure));
    }

    private static <T> Future<T> commit(PostgresSession session, SessionTask<T> work) {
        session.begin();
        return work.run(session)
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

    /** Everything from now on fails with {@code Unavailable}; what is under way goes on until the pool is closed. */
    void close() {
        closed = true;
    }

    /** A question that may have to be asked more than once, until it is stopped. */
    private final class CancellableRead<T> {

        private final SessionTask<T> work;
        private ReadAttempt<T> lastAttempt;
        private boolean cancelled;

        CancellableRead(SessionTask<T> work) {
            this.work = work;
        }

        synchronized CompletionStage<T> start() {
            if (cancelled) {
                return CompletableFuture.failedStage(cancelledException());
            }
            lastAttempt = new ReadAttempt<>(work);
            return lastAttempt.start();
        }

        synchronized void cancel() {
            cancelled = true;
            if (lastAttempt != null) {
                lastAttempt.cancel();
            }
        }
    }

    /** One question, answered on one thread and perhaps cancelled on another. */
    private final class ReadAttempt<T> {

        private final SessionTask<T> work;
        private final CompletableFuture<T> answer = new CompletableFuture<>();
        private PostgresSession session;
        private boolean finished;
        private Future<Void> cancellation = Future.succeededFuture();

        ReadAttempt(SessionTask<T> work) {
            this.work = work;
        }

        CompletionStage<T> start() {
            borrow().onComplete(borrowed -> {
                if (borrowed.failed()) {
                    answer.completeExceptionally(borrowed.cause());
                } else if (accept(borrowed.result())) {
                    work.run(borrowed.result()).onComplete(this::finish);
                } else {
                    borrowed.result().release();
                    answer.completeExceptionally(cancelledException());
                }
            });
            return answer;
        }

        private synchronized boolean accept(PostgresSession borrowed) {
            session = finished ? null : borrowed;
            return !finished;
        }

        /** Does nothing if it is answered. */
        synchronized void cancel() {
            if (!finished && session != null) {
                cancellation = session.cancel();
            }
            finished = true;
        }

        private void finish(AsyncResult<T> done) {
            Future<Void> stopped;
            synchronized (this) {
                finished = true;
                stopped = cancellation;
            }
            // A cancellation on its way must not stop the next one's question.
            stopped.onComplete(_ -> session.release());
            if (done.succeeded()) {
                answer.complete(done.result());
            } else {
                answer.completeExceptionally(done.cause());
            }
        }
    }

    private static PlaneException cancelledException() {
        return new PlaneException.DeadlineExceeded("the work was stopped before it was done");
    }
}
