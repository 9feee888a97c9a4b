package io.pulseplane.node;

import io.pulseplane.node.config.PlaneConfig;
import io.pulseplane.node.config.PostgresConfig;
import io.pulseplane.node.config.StartupException;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.PlaneException;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * Looks whether the tables in PostgreSQL are what this program needs, and makes them so where it is told to. A server
 * that does not answer yet keeps no plane from starting: what it holds is looked at when it does.
 */
@Singleton
final class PostgresSchemaInitializer {

    private static final Logger LOG = Logger.getLogger(PostgresSchemaInitializer.class);

    /** For the first answer; what comes later is on the caller's time. */
    private static final Duration CHECK_TIMEOUT = Duration.ofSeconds(5);

    private final PlaneConfig config;
    private final PostgresConfig postgres;
    private final Store store;

    PostgresSchemaInitializer(PlaneConfig config, PostgresConfig postgres, Store store) {
        this.config = config;
        this.postgres = postgres;
        this.store = store;
    }

    void onStart(@Observes StartupEvent event) {
        if (config.store().kind() == PlaneConfig.StoreKind.POSTGRES) {
            migrate();
            checkSchema();
        }
    }

    private void migrate() {
        try {
            if (postgres.migrateAtStart()) {
                Migration.run(postgres.settings(), false);
            }
        } catch (Migration.MigrationException e) {
            throw new StartupException("the database was not migrated: " + e.getMessage());
        }
    }

    private void checkSchema() {
        try {
            store.check().await().atMost(CHECK_TIMEOUT);
        } catch (PlaneException.FailedPrecondition e) {
            throw e;
        } catch (RuntimeException e) {
            LOG.warnf("Nothing can be stored yet: %s", e.getMessage());
        }
    }
}
