package io.pulseplane.store.edge;

import io.pulseplane.vitals.Problem;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads that read. Each has a session, opened when it is first needed. A cancelled question is stopped where it
 * stands; a question beyond {@value #MAX_WAITING} waiting ones is refused with {@code Exhausted}.
 */
final class Readers {

    private static final int MAX_WAITING = 4_096;
    private static final Duration RETRY_WHEN_BUSY = Duration.ofMillis(100);

    /** How long questions that are under way at the end may take. */
    private static final int CLOSING_SECONDS = 5;

    private final Database database;
    private final Queue<Session> idle = new ConcurrentLinkedQueue<>();
    private final ThreadPoolExecutor threads;

    Readers(Database database, int count) {
        this.database = database;
        this.threads = new ThreadPoolExecutor(
                count,
                count,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(MAX_WAITING),
                Thread.ofPlatform().name("pulseplane-reader-", 0).daemon().factory());
    }

    <T> Uni<T> read(Sql<T> work) {
        return Uni.createFrom().emitter(emitter -> submit(emitter, new Question<>(work)));
    }

    private <T> void submit(UniEmitter<? super T> emitter, Question<T> question) {
        emitter.onTermination(question::cancel);
        try {
            threads.execute(() -> answer(emitter, question));
        } catch (RejectedExecutionException e) {
            emitter.fail(
                    threads.isShutdown()
                            ? new Problem.Unavailable("the store is closed", null)
                            : new Problem.Exhausted("too many questions wait for the disk", RETRY_WHEN_BUSY));
        }
    }

    private <T> void answer(UniEmitter<? super T> emitter, Question<T> question) {
        T answer;
        Session session = null;
        try {
            session = idle.poll();
            if (session == null) {
                session = database.openForReading();
            }
            answer = question.ask(session);
        } catch (Throwable failure) {
            emitter.fail(Failures.problem(failure));
            return;
        } finally {
            if (session != null) {
                idle.add(session);
            }
        }
        emitter.complete(answer);
    }

    void close() {
        threads.shutdown();
        try {
            if (!threads.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS)) {
                threads.shutdownNow();
            }
            for (var session = idle.poll(); session != null; session = idle.poll()) {
                session.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            throw new IllegalStateException("a reading session was not closed cleanly", e);
        }
    }

    /** One question, answered by one thread and perhaps cancelled by another. */
    private static final class Question<T> {

        private final Sql<T> work;
        private volatile boolean cancelled;

        Question(Sql<T> work) {
            this.work = work;
        }

        T ask(Session session) throws SQLException {
            if (cancelled) {
                throw new Problem.TooLate("the work was stopped before it began");
            }
            session.stopWhen(() -> cancelled);
            return work.run(session);
        }

        void cancel() {
            cancelled = true;
        }
    }
}
