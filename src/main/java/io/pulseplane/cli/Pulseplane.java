package io.pulseplane.cli;

import io.quarkus.runtime.annotations.QuarkusMain;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ScopeType;

/** The program. */
@QuarkusMain
@Command(
        name = "pulseplane",
        description = "The health-data plane that stands next to the patient.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Version.class,
        subcommands = {
            Serve.class,
            Demo.class,
            Simulate.class,
            Replay.class,
            Query.class,
            Watch.class,
            Token.class,
            Consent.class,
            Erase.class,
            Audit.class,
            Store.class,
            Migrate.class
        })
public final class Pulseplane implements Callable<Integer> {

    @Override
    public Integer call() {
        return new Serve().call();
    }

    public static void main(String... args) {
        var status = new CommandLine(new Pulseplane())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(Refusals::handle)
                .execute(args);
        System.exit(status);
    }
}
