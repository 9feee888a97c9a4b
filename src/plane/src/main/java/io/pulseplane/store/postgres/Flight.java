package io.pulseplane.store.postgres;

import io.pulseplane.vitals.Problem;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Statements that are sent together and waited for together, by a thread that may wait. */
final class Flight {

    private final Duration patience;
    private final List<Future<?>> statements = new ArrayList<>();

    /** @param patience for the answer to each of them */
    Flight(Duration patience) {
        this.patience = patience;
    }

    <T> Future<T> add(Future<T> statement) {
        statements.add(statement);
        return statement;
    }

    /** Waits until all are answered; fails as the first of them that failed. */
    void land() throws Exception {
        await(
                Future.join(statements).transform(_ -> Future.succeededFuture()),
                patience.multipliedBy(Math.max(1, statements.size())));
        for (var statement : statements) {
            if (statement.failed()) {
                throw thrown(statement.cause());
            }
        }
    }

    static <T> T await(Future<T> future, Duration patience) throws Exception {
        try {
            return future.toCompletionStage().toCompletableFuture().get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw thrown(e.getCause());
        } catch (TimeoutException _) {
            throw new Problem.Unavailable("the database does not answer", null);
        }
    }

    private static Exception thrown(Throwable failure) {
        return failure instanceof Exception e ? e : new IllegalStateException(failure);
    }
}
