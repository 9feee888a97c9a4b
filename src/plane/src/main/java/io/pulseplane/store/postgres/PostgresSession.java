package io.pulseplane.store.postgres;

import io.pulseplane.vitals.PlaneException;
import io.vertx.core.Future;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;

/**
 * One connection, lent to one task. Statements are sent in order and without waiting for each other's answers. If one
 * fails in a transaction, those after it fail, too.
 */
final class PostgresSession {

    private final SqlConnection connection;
    private volatile boolean cancelled;

    PostgresSession(SqlConnection connection) {
        this.connection = connection;
        // A broken connection fails its statements, so Vert.x need not log it as well.
        connection.exceptionHandler(_ -> {});
    }

    /** Executes a statement, which stays prepared. */
    Future<RowSet<Row>> execute(String sql, Object... parameters) {
        return cancelled
                ? Future.failedFuture(new PlaneException.DeadlineExceeded("the query was cancelled before it was done"))
                : connection.preparedQuery(sql).execute(Tuple.wrap(parameters));
    }

    Future<RowSet<Row>> begin() {
        return connection.query("BEGIN").execute();
    }

    Future<RowSet<Row>> commit() {
        return connection.query("COMMIT").execute();
    }

    Future<RowSet<Row>> rollBack() {
        return connection.query("ROLLBACK").execute();
    }

    /** Cancels the running statement and refuses later ones. The session must not be released before this completes. */
    Future<Void> cancel() {
        cancelled = true;
        return PgConnection.cast(connection).cancelRequest();
    }

    void release() {
        connection.close();
    }
}
