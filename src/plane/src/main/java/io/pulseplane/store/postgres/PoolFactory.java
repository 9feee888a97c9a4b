package io.pulseplane.store.postgres;

import io.vertx.core.Vertx;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.SslMode;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Creates the connection pool. It opens no connection before it is needed. */
final class PoolFactory {

    /** More than the plane's few dozen statements, so that all of them stay prepared. */
    private static final int MAX_PREPARED_STATEMENTS = 256;

    private static final int MAX_PREPARED_STATEMENT_CHARS = 4_096;

    /** How many requests may wait for a connection; more are refused. */
    private static final int MAX_QUEUED = 4_096;

    /**
     * Settings that give each statement one plan, which finds its rows by an index, whatever the tables hold and
     * whatever the parameters are. To plan over hundreds of months takes longer than to read from one. With its default
     * settings the planner would scan a whole month whose statistics say that it is empty.
     */
    static final Map<String, String> PLANNER_SETTINGS = Map.of(
            "plan_cache_mode", "force_generic_plan",
            "enable_seqscan", "off",
            "enable_hashjoin", "off",
            "enable_mergejoin", "off",
            "max_parallel_workers_per_gather", "0",
            "jit", "off");

    private PoolFactory() {}

    static Pool create(Vertx vertx, PostgresSettings settings) {
        var pool = new PoolOptions()
                .setMaxSize(settings.poolSize())
                .setMaxWaitQueueSize(MAX_QUEUED)
                .setConnectionTimeout(Math.toIntExact(settings.connectTimeout().toMillis()))
                .setConnectionTimeoutUnit(TimeUnit.MILLISECONDS);
        var servers =
                settings.hosts().stream().map(host -> options(host, settings)).toList();
        return PgBuilder.pool()
                .with(pool)
                .connectingTo(new PrimaryFinder(vertx, servers))
                .using(vertx)
                .build();
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
                .setPreparedStatementCacheMaxSize(MAX_PREPARED_STATEMENTS)
                .setPreparedStatementCacheSqlLimit(MAX_PREPARED_STATEMENT_CHARS)
                .setConnectTimeout(Math.toIntExact(settings.connectTimeout().toMillis()))
                .setTcpKeepAlive(true)
                .setSslMode(SslMode.valueOf(settings.tls().name()))
                .addProperty("application_name", "pulseplane")
                .addProperty("TimeZone", "UTC")
                // An acknowledgement is a promise, so commits are synced whatever the default of the server is.
                .addProperty("synchronous_commit", "on")
                .addProperty(
                        "statement_timeout",
                        Long.toString(settings.statementTimeout().toMillis()));
        PLANNER_SETTINGS.forEach(options::addProperty);
        // Without it, TCP would take minutes to notice that a host is gone.
        options.setReadIdleTimeout(Math.toIntExact(settings.readIdleTimeout().toMillis()));
        options.setIdleTimeoutUnit(TimeUnit.MILLISECONDS);
        if (settings.tls() == PostgresSettings.Tls.VERIFY_FULL) {
            options.setHostnameVerificationAlgorithm("HTTPS");
        }
        settings.certificate()
                .ifPresent(file -> options.setTrustOptions(new PemTrustOptions().addCertPath(file.toString())));
        return options;
    }
}
