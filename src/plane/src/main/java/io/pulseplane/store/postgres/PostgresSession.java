package io.pulseplane.store.postgres;

import io.pulseplane.vitals.PlaneException;
import io.vertx.core.Future;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;

/**
 * One connection, lent to one piece of work. Statements go out in the order they are given, one behind the other without
 * waiting; after one that failed in a transaction the rest of it fails too.
 */
final class PostgresSession {

    private final SqlConnection connection;
    private volatile boolean cancelled;

    PostgresSession(SqlConnection connection) {
        this.connection = connection;
        // When the connection breaks, the statements under way fail with it; that it broke need not be logged as well.
        connection.exceptionHandler(_ -> {});
    }

    /** Runs a statement that stays prepared. */
    Future<RowSet<Row>> execute(String sql, Object... parameters) {
        return cancelled
                ? Future.failedFuture(new PlaneException.DeadlineExceeded("the work was stopped before it was done"))
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

    /** Stops the statement under way, and those to come. The session must not be given back before this is done. */
    Future<Void> cancel() {
        cancelled = true;
        return PgConnection.cast(connection).cancelRequest();
    }

    void release() {
        connection.close();
    }
}
