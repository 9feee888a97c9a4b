package io.pulseplane.store.postgres;

import io.pulseplane.vitals.PlaneException;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Sends several statements without waiting, then waits for all answers. For threads that may block. */
final class StatementPipeline {

    private final Duration timeout;
    private final List<Future<?>> statements = new ArrayList<>();

    /** @param timeout for the answer to each statement */
    StatementPipeline(Duration timeout) {
        this.timeout = timeout;
    }

    <T> Future<T> add(Future<T> statement) {
        statements.add(statement);
        return statement;
    }

    /** Waits until all statements are answered. Throws the failure of the first one that failed. */
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

    static <T> T await(Future<T> future, Duration timeout) throws Exception {
        try {
            return future.toCompletionStage().toCompletableFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
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
