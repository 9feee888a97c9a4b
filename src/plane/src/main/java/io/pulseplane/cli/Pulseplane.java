package io.pulseplane.cli;

import io.quarkus.runtime.annotations.QuarkusMain;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ScopeType;

/** The program: parses the command line and runs the command. Without a command it runs {@code serve}. */
@QuarkusMain
@Command(
        name = "pulseplane",
        description = "The health-data plane that stands next to the patient.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Version.class)
public final class Pulseplane implements Callable<Integer> {

    /** The commands by name, in the order in which help lists them. */
    private static final List<Map.Entry<String, Class<?>>> COMMANDS = List.of(
            Map.entry("serve", ServeCommand.class),
            Map.entry("demo", DemoCommand.class),
            Map.entry("simulate", SimulateCommand.class),
            Map.entry("replay", ReplayCommand.class),
            Map.entry("query", QueryCommand.class),
            Map.entry("watch", WatchCommand.class),
            Map.entry("token", TokenCommand.class),
            Map.entry("consent", ConsentCommand.class),
            Map.entry("erase", EraseCommand.class),
            Map.entry("audit", AuditCommand.class),
            Map.entry("store", StoreCommand.class),
            Map.entry("clock", ClockCommand.class),
            Map.entry("compliance", ComplianceCommand.class),
            Map.entry("migrate", MigrateCommand.class));

    @Override
    public Integer call() {
        return new ServeCommand().call();
    }

    /**
     * The command line for these arguments. It has only the command that the arguments name, because picocli would
     * spend a fifth of the start on reading the annotations of all commands.
     */
    static CommandLine commandLine(String... args) {
        var commandLine = new CommandLine(new Pulseplane());
        var namedCommand = COMMANDS.stream()
                .filter(command -> args.length > 0 && command.getKey().equals(args[0]))
                .toList();
        (namedCommand.isEmpty() && args.length > 0 ? COMMANDS : namedCommand)
                .forEach(command -> commandLine.addSubcommand(command.getKey(), command.getValue()));
        return commandLine
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(CommandExceptionHandler::handle);
    }

    public static void main(String... args) {
        System.exit(commandLine(args).execute(args));
    }
}
