package io.pulseplane.store.postgres;

import io.vertx.core.Vertx;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.SslMode;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.SqlConnectOptions;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** How connections come about. None is made before it is needed. */
final class Connections {

    /** The plane has a few dozen statements; all of them stay prepared. */
    private static final int PREPARED_STATEMENTS = 256;

    private static final int PREPARED_STATEMENT_LENGTH = 4_096;

    /** Questions that may wait for a connection; more are refused. */
    static final int MAX_WAITING = 4_096;

    private Connections() {}

    static Pool pool(Vertx vertx, PostgresSettings settings) {
        var pool = new PoolOptions()
                .setMaxSize(settings.poolSize())
                .setMaxWaitQueueSize(MAX_WAITING)
                .setConnectionTimeout(Math.toIntExact(settings.connectTimeout().toMillis()))
                .setConnectionTimeoutUnit(TimeUnit.MILLISECONDS);
        List<SqlConnectOptions> hosts = settings.hosts().stream()
                .<SqlConnectOptions>map(host -> options(host, settings))
                .toList();
        return PgBuilder.pool().with(pool).connectingTo(hosts).using(vertx).build();
    }

    private static PgConnectOptions options(PostgresSettings.Host host, PostgresSettings settings) {
        var options = new PgConnectOptions()
                .setHost(host.name())
                .setPort(host.port())
                .setDatabase(settings.database())
                .setUser(settings.user())
                .setPassword(settings.password())
                .setPipeliningLimit(settings.pipelining())
                .setCachePreparedStatements(true)
                .setPreparedStatementCacheMaxSize(PREPARED_STATEMENTS)
                .setPreparedStatementCacheSqlLimit(PREPARED_STATEMENT_LENGTH)
                .setConnectTimeout(Math.toIntExact(settings.connectTimeout().toMillis()))
                .setTcpKeepAlive(true)
                .setSslMode(SslMode.valueOf(settings.tls().name()))
                .addProperty("application_name", "pulseplane")
                .addProperty("TimeZone", "UTC")
                .addProperty(
                        "statement_timeout",
                        Long.toString(settings.statementTimeout().toMillis()))
                // The plans of the plane's statements do not depend on their parameters, and planning over hundreds of
                // months takes longer than reading from one.
                .addProperty("plan_cache_mode", "force_generic_plan");
        // A connection to a host that is gone would look like a slow one for as long as TCP is patient.
        options.setReadIdleTimeout(Math.toIntExact(settings.silence().toMillis()));
        options.setIdleTimeoutUnit(TimeUnit.MILLISECONDS);
        if (settings.tls() == PostgresSettings.Tls.VERIFY_FULL) {
            options.setHostnameVerificationAlgorithm("HTTPS");
        }
        settings.certificate()
                .ifPresent(file -> options.setTrustOptions(new PemTrustOptions().addCertPath(file.toString())));
        return options;
    }
}
