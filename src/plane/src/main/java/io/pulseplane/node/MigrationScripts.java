package io.pulseplane.node;

import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.flywaydb.core.api.ResourceProvider;
import org.flywaydb.core.api.resource.LoadableResource;

/** Lists the scripts of the migration. Flyway would scan the class path for them, and a native executable has none. */
final class MigrationScripts implements ResourceProvider {

    private static final List<String> TABLES = List.of(
            "db/migration/V1__registry.sql",
            "db/migration/V2__measurements.sql",
            "db/migration/V3__erasures.sql",
            "db/migration/V4__planes.sql",
            "db/migration/V5__receipt_keys.sql");
    private static final List<String> CITUS = List.of("db/citus/R__distribute.sql");

    private final Collection<LoadableResource> files = new ArrayList<>();

    MigrationScripts(boolean citus) {
        TABLES.forEach(path -> files.add(new Script(path)));
        if (citus) {
            CITUS.forEach(path -> files.add(new Script(path)));
        }
    }

    @Override
    public LoadableResource getResource(String name) {
        return files.stream()
                .filter(file -> file.getRelativePath().equals(name))
                .findFirst()
                .orElse(null);
    }

    @Override
    public Collection<LoadableResource> getResources(String prefix, String[] suffixes) {
        return files.stream()
                .filter(file -> file.getFilename().startsWith(prefix)
                        && Stream.of(suffixes).anyMatch(file.getFilename()::endsWith))
                .toList();
    }

    private static final class Script extends LoadableResource {

        private final String path;

        private Script(String path) {
            this.path = path;
        }

        @Override
        public Reader read() {
            var file = MigrationScripts.class.getClassLoader().getResourceAsStream(path);
            return new InputStreamReader(file, StandardCharsets.UTF_8);
        }

        @Override
        public String getAbsolutePath() {
            return path;
        }

        @Override
        public String getAbsolutePathOnDisk() {
            return path;
        }

        /** The name that Flyway keeps in the database: without the directory. */
        @Override
        public String getRelativePath() {
            return getFilename();
        }

        @Override
        public String getFilename() {
            return path.substring(path.lastIndexOf('/') + 1);
        }
    }
}
