package io.pulseplane.store.postgres;

import io.pulseplane.vitals.Problem;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.sqlclient.Pool;

/**
 * Lends connections of the pool to questions and changes, and takes them back when the last statement is answered, so
 * that a connection that hangs is never lent again. A cancelled question is stopped where it stands; a change once begun
 * is finished.
 */
final class Sessions {

    /** A transaction that lost to another one is tried again at once, this often. */
    static final int ATTEMPTS = 4;

    private final Pool pool;
    private final Failures failures;
    private final SchemaCheck schema = new SchemaCheck();
    private volatile boolean closed;

    Sessions(Pool pool, Failures failures) {
        this.pool = pool;
        this.failures = failures;
    }

    /** A session on tables that are as this program knows them. */
    Future<Session> borrow() {
        if (closed) {
            return Future.failedFuture(new Problem.Unavailable("the store is closed", null));
        }
        return pool.getConnection()
                .recover(failure -> Future.failedFuture(
                        failure instanceof ConnectionPoolTooBusyException ? Failures.tooMany() : failure))
                .compose(connection -> {
                    failures.answered();
                    var session = new Session(connection);
                    return schema.pass(session)
                            .onFailure(_ -> session.giveBack())
                            .map(session);
                });
    }

    <T> Uni<T> read(Work<T> work) {
        return Uni.createFrom().emitter(emitter -> new Question<>(work, emitter).begin());
    }

    <T> Uni<T> transaction(Work<T> work) {
        return Uni.createFrom()
                .emitter(emitter -> attempt(work, ATTEMPTS)
                        .recover(failure -> Future.failedFuture(failures.problemOfWrite(failure)))
                        .onComplete(answer -> emit(answer, emitter)));
    }

    private <T> Future<T> attempt(Work<T> work, int attempts) {
        return borrow().compose(session -> commit(session, work).onComplete(_ -> session.giveBack()))
                .recover(failure -> attempts > 1 && Failures.isPassing(failure)
                        ? attempt(work, attempts - 1)
                        : Future.failedFuture(failure));
    }

    private static <T> Future<T> commit(Session session, Work<T> work) {
        session.begin();
        return work.on(session)
                .compose(answer -> session.commit().map(answer))
                .recover(failure -> session.rollBack().transform(_ -> Future.<T>failedFuture(failure)));
    }

    private <T> void emit(AsyncResult<T> answer, UniEmitter<? super T> emitter) {
        if (answer.succeeded()) {
            emitter.complete(answer.result());
        } else {
            emitter.fail(failures.problem(answer.cause()));
        }
    }

    /** Everything from now on fails with {@code Unavailable}; what is under way goes on until the pool is closed. */
    void close() {
        closed = true;
    }

    /** One question, answered on one thread and perhaps cancelled on another. */
    private final class Question<T> {

        private final Work<T> work;
        private final UniEmitter<? super T> emitter;
        private Session session;
        private boolean over;
        private Future<Void> stopping = Future.succeededFuture();

        Question(Work<T> work, UniEmitter<? super T> emitter) {
            this.work = work;
            this.emitter = emitter;
        }

        void begin() {
            emitter.onTermination(this::cancel);
            borrow().onComplete(borrowed -> {
                if (borrowed.failed()) {
                    emit(borrowed.map((T) null), emitter);
                } else if (take(borrowed.result())) {
                    work.on(borrowed.result()).onComplete(this::answered);
                } else {
                    borrowed.result().giveBack();
                }
            });
        }

        private synchronized boolean take(Session borrowed) {
            session = over ? null : borrowed;
            return !over;
        }

        private synchronized void cancel() {
            if (!over && session != null) {
                stopping = session.stop();
            }
            over = true;
        }

        private void answered(AsyncResult<T> answer) {
            Future<Void> stopped;
            synchronized (this) {
                over = true;
                stopped = stopping;
            }
            // A cancellation on its way must not stop the next one's question.
            stopped.onComplete(_ -> session.giveBack());
            emit(answer, emitter);
        }
    }
}
