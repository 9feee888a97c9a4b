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
 * Brings the tables in PostgreSQL to the version this program needs. A class of its own, so that a plane that does not
 * migrate loads nothing of what it takes.
 */
public final class Migration {

    /** Left alone, where they were applied before and are not asked for now: the steps for Citus. */
    private static final String OPTIONAL = "repeatable:missing";

    private Migration() {}

    /** How many steps were taken, and the version the tables have now. */
    public record Outcome(int steps, String version) {}

    /** The database could not be migrated; the message is for a person. */
    public static final class MigrationException extends Exception {

        private static final long serialVersionUID = 1L;

        MigrationException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Takes the steps that are missing in the database that a plane with this configuration would use. No plane has to
     * run.
     *
     * @param citus whether to spread readings over the workers of Citus as well
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

    /** Flyway draws boxes around what it says. */
    private static String firstLine(FlywayException e) {
        return e.getMessage()
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.chars().allMatch(c -> c == '-'))
                .limit(2)
                .collect(Collectors.joining(": "));
    }
}
