package io.pulseplane.cli;

import io.pulseplane.node.Migration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Creates the tables in PostgreSQL or updates them. Changes nothing if they are up to date. */
@Command(
        name = "migrate",
        description = {
            "Create the tables in PostgreSQL or update them, and end.",
            "",
            "The command uses the plane's configuration of the database: pulseplane.postgres.*"
        })
final class MigrateCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--citus", description = "Distribute readings over the workers of Citus, by patient.")
    private boolean citus;

    @Override
    public Integer call() {
        try {
            var outcome = Migration.run(citus);
            spec.commandLine()
                    .getOut()
                    .println("steps taken: " + outcome.steps() + ", the tables have version " + outcome.version());
            return 0;
        } catch (Migration.MigrationException e) {
            spec.commandLine().getErr().println("pulseplane: the database was not migrated: " + e.getMessage());
            return ExitStatus.FAILED;
        }
    }
}
