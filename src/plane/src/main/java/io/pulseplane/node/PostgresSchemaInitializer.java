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
 * Checks at the start that the tables in PostgreSQL have the version that this program needs, and migrates them first
 * where the configuration asks for it. A plane starts even if PostgreSQL does not answer yet; the store checks the
 * tables later.
 */
@Singleton
final class PostgresSchemaInitializer {

    private static final Logger LOG = Logger.getLogger(PostgresSchemaInitializer.class);

    /** How long the start waits for PostgreSQL. */
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
