package io.pulseplane.store.postgres;

import io.pulseplane.vitals.Problem;
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
final class Sessions {

    /** A transaction that lost to another one is tried again at once, this often. */
    static final int ATTEMPTS = 4;

    private final Pool pool;
    private final Failures failures;
    private final Guarded guarded;
    private final SchemaCheck schema = new SchemaCheck();
    private volatile boolean closed;

    Sessions(Pool pool, Failures failures, Guarded guarded) {
        this.pool = pool;
        this.failures = failures;
        this.guarded = guarded;
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
        return Uni.createFrom().emitter(emitter -> {
            var asking = new Asking<>(work);
            emitter.onTermination(asking::stop);
            guarded.ask(asking::begin).whenComplete((answer, failure) -> {
                if (failure == null) {
                    emitter.complete(answer);
                } else {
                    // Nobody waits for it any more, whether it is over or not.
                    asking.stop();
                    emitter.fail(failures.problem(Problem.unwrap(failure)));
                }
            });
        });
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

    /** A question that may have to be asked more than once, until it is stopped. */
    private final class Asking<T> {

        private final Work<T> work;
        private Question<T> last;
        private boolean over;

        Asking(Work<T> work) {
            this.work = work;
        }

        synchronized CompletionStage<T> begin() {
            if (over) {
                return CompletableFuture.failedStage(stopped());
            }
            last = new Question<>(work);
            return last.begin();
        }

        synchronized void stop() {
            over = true;
            if (last != null) {
                last.cancel();
            }
        }
    }

    /** One question, answered on one thread and perhaps cancelled on another. */
    private final class Question<T> {

        private final Work<T> work;
        private final CompletableFuture<T> answer = new CompletableFuture<>();
        private Session session;
        private boolean over;
        private Future<Void> stopping = Future.succeededFuture();

        Question(Work<T> work) {
            this.work = work;
        }

        CompletionStage<T> begin() {
            borrow().onComplete(borrowed -> {
                if (borrowed.failed()) {
                    answer.completeExceptionally(borrowed.cause());
                } else if (take(borrowed.result())) {
                    work.on(borrowed.result()).onComplete(this::answered);
                } else {
                    borrowed.result().giveBack();
                    answer.completeExceptionally(stopped());
                }
            });
            return answer;
        }

        private synchronized boolean take(Session borrowed) {
            session = over ? null : borrowed;
            return !over;
        }

        /** Does nothing if it is answered. */
        synchronized void cancel() {
            if (!over && session != null) {
                stopping = session.stop();
            }
            over = true;
        }

        private void answered(AsyncResult<T> done) {
            Future<Void> stopped;
            synchronized (this) {
                over = true;
                stopped = stopping;
            }
            // A cancellation on its way must not stop the next one's question.
            stopped.onComplete(_ -> session.giveBack());
            if (done.succeeded()) {
                answer.complete(done.result());
            } else {
                answer.completeExceptionally(done.cause());
            }
        }
    }

    private static Problem stopped() {
        return new Problem.TooLate("the work was stopped before it was done");
    }
}
