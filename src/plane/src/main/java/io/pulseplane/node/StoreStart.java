package io.pulseplane.node;

import io.pulseplane.store.Store;
import io.pulseplane.vitals.Problem;
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
final class StoreStart {

    private static final Logger LOG = Logger.getLogger(StoreStart.class);

    /** For the first answer; what comes later is on the caller's time. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final PlaneConfig config;
    private final PostgresConfig postgres;
    private final Store store;

    StoreStart(PlaneConfig config, PostgresConfig postgres, Store store) {
        this.config = config;
        this.postgres = postgres;
        this.store = store;
    }

    void started(@Observes StartupEvent event) {
        if (config.store().kind() == PlaneConfig.StoreKind.POSTGRES) {
            migrate();
            look();
        }
    }

    private void migrate() {
        try {
            if (postgres.migrateAtStart()) {
                Migration.run(postgres.settings(), false);
            }
        } catch (Migration.Failed e) {
            throw new StartupException("the database was not migrated: " + e.getMessage());
        }
    }

    private void look() {
        try {
            store.check().await().atMost(PATIENCE);
        } catch (Problem.Unmet e) {
            throw e;
        } catch (RuntimeException e) {
            LOG.warnf("Nothing can be stored yet: %s", e.getMessage());
        }
    }
}
