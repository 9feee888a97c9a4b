package io.pulseplane.store.postgres;

import io.pulseplane.store.Erasure;
import io.pulseplane.store.GuardEvents;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Store;
import io.pulseplane.store.StoreSize;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Pool;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The store of a site: several planes use one PostgreSQL.
 *
 * <p>A write whose connection breaks during the commit fails with {@code Unavailable}, although it may be stored. If
 * the device sends the batch again, the receipt shows whether it was.
 */
public final class PostgresStore implements Store {

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private static final String SIZE = """
            SELECT pg_database_size(current_database()), (SELECT count(*) FROM patients),
              (SELECT count(*) FROM devices), (SELECT count(*) FROM series)""";

    private final Pool pool;
    private final SessionPool sessions;
    private final GroupWriter writer;
    private final PostgresReadings readings;
    private final PostgresRegistry registry;

    private PostgresStore(
            Pool pool, PostgresSettings settings, Duration timeout, LongSupplier now, GuardEvents events) {
        var failures = new PostgresErrors();
        this.pool = pool;
        this.sessions = new SessionPool(
                pool,
                failures,
                new ReadGuard(settings.faults(), failures, events),
                new ReadScheduler(settings.poolSize() - settings.writeConnections()));
        this.writer = new GroupWriter(sessions, failures, now, settings.writeConnections(), timeout);
        this.readings = new PostgresReadings(sessions, writer);
        this.registry = new PostgresRegistry(sessions, now);
    }

    /**
     * Opens a store with a connection pool of its own. This neither blocks nor fails if PostgreSQL does not answer,
     * because connections are made when they are needed. Every request fails with {@link
     * PlaneException.FailedPrecondition} while the tables do not exist or have another schema version; {@link #check}
     * reports this.
     *
     * @param vertx whose event loops the connections use
     * @param now the clock, in microseconds since the epoch
     */
    public static PostgresStore open(Vertx vertx, PostgresSettings settings, LongSupplier now) {
        return open(vertx, settings, now, GuardEvents.NONE);
    }

    /** @param events receives the events of the guard around queries */
    public static PostgresStore open(Vertx vertx, PostgresSettings settings, LongSupplier now, GuardEvents events) {
        var timeout = settings.readIdleTimeout().plus(settings.connectTimeout());
        return new PostgresStore(PoolFactory.create(vertx, settings), settings, timeout, now, events);
    }

    /**
     * Makes a detector that finds out whether the database went back to an earlier state. At most one for each store.
     *
     * @param plane the name of this plane; every plane of the site has a name of its own
     */
    public RestoreDetector restoreDetector(String plane) {
        return new RestoreDetector(sessions, plane);
    }

    /**
     * Erases again who was erased before the database went back to an earlier state.
     *
     * @return how many of the erasures the database did not have
     */
    public Uni<Integer> reapply(List<Erasure> erasures) {
        return sessions.transaction(session -> ErasureTable.reapply(session, erasures));
    }

    /** Forgets which rows exist, because the database went back to an earlier state. */
    public void forgetRows() {
        writer.forgetRows();
    }

    @Override
    public ReadingStore readings() {
        return readings;
    }

    @Override
    public Registry registry() {
        return registry;
    }

    @Override
    public Uni<StoreSize> size() {
        return sessions.read(session -> session.execute(SIZE)
                .map(rows -> rows.iterator().next())
                .map(row -> new StoreSize(row.getLong(0), row.getLong(1), row.getLong(2), row.getLong(3))));
    }

    @Override
    public Uni<Void> check() {
        return sessions.read(session -> session.execute(PrimaryFinder.IS_READ_ONLY)
                .map(rows -> {
                    if (rows.iterator().next().getBoolean(0)) {
                        throw new PlaneException.Unavailable("the database is read-only", null);
                    }
                    return null;
                }));
    }

    @Override
    public void close() {
        writer.close();
        sessions.close();
        try {
            pool.close().toCompletionStage().toCompletableFuture().get(CLOSE_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            System.getLogger(PostgresStore.class.getName())
                    .log(Level.DEBUG, "The connections were not closed in time", e);
        }
    }
}
