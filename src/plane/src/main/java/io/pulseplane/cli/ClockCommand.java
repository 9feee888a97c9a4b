package io.pulseplane.cli;

import io.pulseplane.clock.PlaneClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Confirms the clock of a plane that doubts it. */
@Command(
        name = "clock",
        description = "Confirm the clock of a plane that doubts it.",
        synopsisSubcommandLabel = "ACTION",
        subcommands = ClockCommand.Confirm.class)
final class ClockCommand {

    @Command(
            name = "confirm",
            description = {
                "Say that this machine's clock is right now.",
                "The plane of the data directory believes it within some seconds, or at its next start. Until then it"
                        + " deletes nothing for its age, and does not let its time go back."
            })
    static final class Confirm implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Option(
                names = "--data-dir",
                paramLabel = "DIR",
                defaultValue = "data",
                description = "The plane's data directory. Default: ${DEFAULT-VALUE}")
        private Path dataDir;

        @Override
        public Integer call() {
            if (!Files.isDirectory(dataDir)) {
                spec.commandLine().getErr().println("pulseplane: there is no data directory " + dataDir);
                return ExitStatus.FAILED;
            }
            try {
                var time = PlaneClock.confirm(dataDir);
                spec.commandLine().getOut().println("confirmed: it is " + time);
                spec.commandLine().getOut().flush();
                return 0;
            } catch (IOException _) {
                spec.commandLine().getErr().println("pulseplane: " + dataDir + " cannot be written to");
                return ExitStatus.FAILED;
            }
        }
    }
}
