package io.pulseplane.store.postgres;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.SqlConnectOptions;
import java.util.List;
import java.util.function.Supplier;

/**
 * Finds the primary among several servers each time the pool makes a connection, because a fail-over may have changed
 * it. The plane does not use standbys: their data may be old.
 *
 * <p>The last primary is tried first, so normally each new connection costs one query. A single server is not checked.
 */
final class PrimaryFinder implements Supplier<Future<SqlConnectOptions>> {

    /** True on a standby, and on a primary that takes no changes. */
    static final String IS_READ_ONLY =
            "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean";

    private final Vertx vertx;
    private final List<PgConnectOptions> servers;
    private volatile int lastPrimary;

    PrimaryFinder(Vertx vertx, List<PgConnectOptions> servers) {
        this.vertx = vertx;
        this.servers = servers;
    }

    @Override
    public Future<SqlConnectOptions> get() {
        return servers.size() == 1 ? Future.succeededFuture(servers.getFirst()) : find(lastPrimary, servers.size());
    }

    private Future<SqlConnectOptions> find(int server, int remaining) {
        return probe(servers.get(server))
                .map(options -> {
                    lastPrimary = server;
                    return options;
                })
                .recover(failure -> remaining == 1
                        ? Future.failedFuture(failure)
                        : find((server + 1) % servers.size(), remaining - 1));
    }

    private Future<SqlConnectOptions> probe(PgConnectOptions options) {
        return PgConnection.connect(vertx, options)
                .compose(connection -> connection
                        .query(IS_READ_ONLY)
                        .execute()
                        .compose(rows -> rows.iterator().next().getBoolean(0)
                                ? Future.<SqlConnectOptions>failedFuture(readOnly())
                                : Future.<SqlConnectOptions>succeededFuture(options))
                        .onComplete(_ -> connection.close()));
    }

    private static PgException readOnly() {
        return new PgException("the server is read-only", "ERROR", PostgresErrors.READ_ONLY, null);
    }
}
