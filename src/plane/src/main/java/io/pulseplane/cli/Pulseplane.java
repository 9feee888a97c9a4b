package io.pulseplane.cli;

import io.pulseplane.cli.backup.BackupCommand;
import io.pulseplane.cli.backup.RestoreCommand;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
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
            Map.entry("device", DeviceCommand.class),
            Map.entry("erase", EraseCommand.class),
            Map.entry("audit", AuditCommand.class),
            Map.entry("store", StoreCommand.class),
            Map.entry("backup", BackupCommand.class),
            Map.entry("restore", RestoreCommand.class),
            Map.entry("clock", ClockCommand.class),
            Map.entry("compliance", ComplianceCommand.class),
            Map.entry("migrate", MigrateCommand.class));

    /** For help. {@code command-line.md} says more. */
    private static final Map<String, String> EXIT_STATUSES = statuses();

    private static Map<String, String> statuses() {
        var statuses = new LinkedHashMap<String, String>();
        statuses.put(" " + ExitStatus.OK, "Everything is done.");
        statuses.put(" " + ExitStatus.FAILED, "The plane said no, a check failed, or a file cannot be used.");
        statuses.put(" " + ExitStatus.USAGE, "The command line is wrong.");
        statuses.put(" " + ExitStatus.INCOMPLETE, "Readings were left out: unreadable lines, or rejected readings.");
        statuses.put(" " + ExitStatus.NOTHING_SENT, "There was nothing to send.");
        statuses.put(" " + ExitStatus.TRY_LATER, "No plane answers, or it has no room or time: try again later.");
        statuses.put(ExitStatus.OUTPUT_CLOSED + "", "Nobody reads the output any more.");
        return statuses;
    }

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
        commandLine
                .getCommandSpec()
                .usageMessage()
                .exitCodeListHeading("%nEvery command ends with one of these statuses:%n")
                .exitCodeList(EXIT_STATUSES);
        return commandLine
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(CommandExceptionHandler::handle);
    }

    public static void main(String... args) {
        System.exit(run(StandardOutput.open(), args));
    }

    /** Runs a command to its end, and returns the status to exit with. */
    static int run(PrintWriter out, String... args) {
        var commandLine = commandLine(args).setOut(out);
        try {
            int status = commandLine.execute(args);
            out.flush();
            return status;
        } catch (OutputClosedException _) {
            return ExitStatus.OUTPUT_CLOSED;
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            CommandExceptionHandler.print(e, commandLine.getErr());
            return CommandExceptionHandler.status(e);
        }
    }
}
