package io.pulseplane.store.postgres;

import io.pulseplane.vitals.PlaneException;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Statements that are sent together and waited for together, by a thread that may wait. */
final class StatementPipeline {

    private final Duration timeout;
    private final List<Future<?>> statements = new ArrayList<>();

    /** @param patience for the answer to each of them */
    StatementPipeline(Duration patience) {
        this.timeout = patience;
    }

    <T> Future<T> add(Future<T> statement) {
        statements.add(statement);
        return statement;
    }

    /** Waits until all are answered; fails as the first of them that failed. */
    void awaitAll() throws Exception {
        await(
                Future.join(statements).transform(_ -> Future.succeededFuture()),
                timeout.multipliedBy(Math.max(1, statements.size())));
        for (var statement : statements) {
            if (statement.failed()) {
                throw asException(statement.cause());
            }
        }
    }

    static <T> T await(Future<T> future, Duration patience) throws Exception {
        try {
            return future.toCompletionStage().toCompletableFuture().get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw asException(e.getCause());
        } catch (TimeoutException _) {
            throw new PlaneException.Unavailable("the database does not answer", null);
        }
    }

    private static Exception asException(Throwable failure) {
        return failure instanceof Exception e ? e : new IllegalStateException(failure);
    }
}
