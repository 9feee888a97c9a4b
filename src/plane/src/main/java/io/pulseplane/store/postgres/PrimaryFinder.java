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
 * Finds, of several servers, the one that takes changes, each time a connection is made: after a fail-over that is another
 * one. A standby is never spoken to: what it says may be old.
 *
 * <p>The server that was found last is asked first, so while all is well this costs a question for each connection made. One
 * server alone is not asked: there is nothing to choose.
 */
final class PrimaryFinder implements Supplier<Future<SqlConnectOptions>> {

    private static final String IS_READ_ONLY =
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

    private Future<SqlConnectOptions> find(int server, int left) {
        return probe(servers.get(server))
                .map(options -> {
                    lastPrimary = server;
                    return options;
                })
                .recover(failure ->
                        left == 1 ? Future.failedFuture(failure) : find((server + 1) % servers.size(), left - 1));
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
        return new PgException("the server only reads", "ERROR", PostgresErrors.READ_ONLY, null);
    }
}
