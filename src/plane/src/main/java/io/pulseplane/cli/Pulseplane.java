package io.pulseplane.cli;

import io.quarkus.runtime.annotations.QuarkusMain;
import java.util.List;
import java.util.Map;
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
        versionProvider = Version.class)
public final class Pulseplane implements Callable<Integer> {

    /** By their names, as help lists them. */
    private static final List<Map.Entry<String, Class<?>>> COMMANDS = List.of(
            Map.entry("serve", Serve.class),
            Map.entry("demo", Demo.class),
            Map.entry("simulate", Simulate.class),
            Map.entry("replay", Replay.class),
            Map.entry("query", Query.class),
            Map.entry("watch", Watch.class),
            Map.entry("token", Token.class),
            Map.entry("consent", Consent.class),
            Map.entry("erase", Erase.class),
            Map.entry("audit", Audit.class),
            Map.entry("store", Store.class),
            Map.entry("migrate", Migrate.class));

    @Override
    public Integer call() {
        return new Serve().call();
    }

    /** For these arguments: with the one command they begin with, as reading the annotations of all is a fifth of a start. */
    static CommandLine commandLine(String... args) {
        var line = new CommandLine(new Pulseplane());
        var asked = COMMANDS.stream()
                .filter(command -> args.length > 0 && command.getKey().equals(args[0]))
                .toList();
        (asked.isEmpty() && args.length > 0 ? COMMANDS : asked)
                .forEach(command -> line.addSubcommand(command.getKey(), command.getValue()));
        return line.setCaseInsensitiveEnumValuesAllowed(true).setExecutionExceptionHandler(Refusals::handle);
    }

    public static void main(String... args) {
        System.exit(commandLine(args).execute(args));
    }
}
