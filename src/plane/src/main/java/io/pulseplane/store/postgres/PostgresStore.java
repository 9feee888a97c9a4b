package io.pulseplane.store.postgres;

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
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The store of a site: several planes over one PostgreSQL.
 *
 * <p>A write whose connection breaks while it is being committed fails with {@code Unavailable} though it may be stored;
 * who sends the batch again is told what became of it.
 */
public final class PostgresStore implements Store {

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private static final String SIZE = """
            SELECT pg_database_size(current_database()), (SELECT count(*) FROM patients), (SELECT count(*) FROM devices),
              (SELECT count(*) FROM series)""";

    private static final String IS_READ_ONLY =
            "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean";

    private final Pool pool;
    private final SessionPool sessions;
    private final GroupWriter writer;
    private final PostgresReadings readings;
    private final PostgresRegistry registry;

    private PostgresStore(
            Pool pool, PostgresSettings settings, Duration patience, LongSupplier now, GuardEvents events) {
        var failures = new PostgresErrors();
        this.pool = pool;
        this.sessions = new SessionPool(pool, failures, new ReadGuard(settings.faults(), failures, events));
        this.writer = new GroupWriter(sessions, failures, now, settings.writeConnections(), patience);
        this.readings = new PostgresReadings(sessions, writer);
        this.registry = new PostgresRegistry(sessions, now);
    }

    /**
     * A store over connections of its own, none of which is made before it is needed; so this does not block, and does
     * not fail where PostgreSQL does not answer. Whatever is asked of it fails with {@link PlaneException.FailedPrecondition} while the
     * tables are not there, or are not of this program's version; {@link #check} tells.
     *
     * @param vertx whose event loops the connections use
     * @param now the clock, in microseconds since the epoch
     */
    public static PostgresStore open(Vertx vertx, PostgresSettings settings, LongSupplier now) {
        return open(vertx, settings, now, GuardEvents.NONE);
    }

    /** @param events of the guard around questions */
    public static PostgresStore open(Vertx vertx, PostgresSettings settings, LongSupplier now, GuardEvents events) {
        var patience = settings.readIdleTimeout().plus(settings.connectTimeout());
        return new PostgresStore(PoolFactory.create(vertx, settings), settings, patience, now, events);
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
        return sessions.read(session -> session.execute(IS_READ_ONLY).map(rows -> {
            if (rows.iterator().next().getBoolean(0)) {
                throw new PlaneException.Unavailable("the database only reads", null);
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
