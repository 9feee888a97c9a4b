package io.pulseplane.node;

import io.pulseplane.node.config.PostgresConfig;
import io.pulseplane.store.postgres.PostgresSettings;
import io.pulseplane.store.postgres.PostgresSettings.Tls;
import io.quarkus.runtime.configuration.ConfigUtils;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/**
 * Migrates the tables in PostgreSQL to the version that this program needs. It is a class of its own, so that a plane
 * that does not migrate does not load Flyway.
 */
public final class Migration {

    /** Flyway accepts that the steps for Citus were applied earlier and are missing now. */
    private static final String OPTIONAL = "repeatable:missing";

    private Migration() {}

    /** The number of steps that were applied, and the version that the tables have now. */
    public record Outcome(int steps, String version) {}

    /** The database could not be migrated; the message is for a person. */
    public static final class MigrationException extends Exception {

        private static final long serialVersionUID = 1L;

        MigrationException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Applies the missing steps to the database of this process's configuration. Planes may be running or not.
     *
     * @param citus whether to distribute readings over the workers of Citus as well
     */
    public static Outcome run(boolean citus) throws MigrationException {
        var config = ConfigUtils.configBuilder()
                .withMapping(PostgresConfig.class)
                .withValidateUnknown(false)
                .build();
        return run(config.getConfigMapping(PostgresConfig.class).settings(), citus);
    }

    static Outcome run(PostgresSettings settings, boolean citus) throws MigrationException {
        try {
            var result = Flyway.configure(Migration.class.getClassLoader())
                    .dataSource(url(settings), settings.user(), settings.password())
                    .jdbcProperties(properties(settings))
                    .resourceProvider(new MigrationScripts(citus))
                    .javaMigrationClassProvider(List::of)
                    .ignoreMigrationPatterns(OPTIONAL)
                    .load()
                    .migrate();
            var version = result.targetSchemaVersion == null ? result.initialSchemaVersion : result.targetSchemaVersion;
            return new Outcome(result.migrationsExecuted, version);
        } catch (FlywayException e) {
            throw new MigrationException(firstLine(e), e);
        }
    }

    private static String url(PostgresSettings settings) {
        List<String> hosts = settings.hosts().stream()
                .map(host -> (host.name().contains(":") ? "[" + host.name() + "]" : host.name()) + ":" + host.port())
                .toList();
        return "jdbc:postgresql://" + String.join(",", hosts) + "/" + settings.database();
    }

    private static Map<String, String> properties(PostgresSettings settings) {
        var properties = new HashMap<>(Map.of(
                "ApplicationName",
                "pulseplane migrate",
                "connectTimeout",
                Long.toString(Math.max(1, settings.connectTimeout().toSeconds())),
                "targetServerType",
                "primary",
                "sslmode",
                settings.tls().name().toLowerCase(Locale.ROOT).replace('_', '-')));
        settings.certificate().ifPresent(file -> properties.put("sslrootcert", file.toString()));
        if (settings.certificate().isEmpty() && settings.tls().compareTo(Tls.VERIFY_CA) >= 0) {
            properties.put("sslfactory", "org.postgresql.ssl.DefaultJavaSSLFactory");
        }
        return properties;
    }

    /** The first two lines of a message without the boxes that Flyway draws. */
    private static String firstLine(FlywayException e) {
        return e.getMessage()
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.chars().allMatch(c -> c == '-'))
                .limit(2)
                .collect(Collectors.joining(": "));
    }
}
