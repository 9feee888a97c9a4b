package io.pulseplane.cli;

import io.pulseplane.node.StoreFiles;
import io.pulseplane.node.StoreFiles.Figure;
import io.pulseplane.node.StoreFiles.KeySource;
import io.pulseplane.vitals.PlaneException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Inspects, verifies, compacts, adopts or salvages the files of an edge store. */
@Command(
        name = "store",
        description = "Inspect, verify, compact, adopt or salvage the files of an edge store.",
        synopsisSubcommandLabel = "ACTION",
        subcommands = {
            StoreCommand.Inspect.class,
            StoreCommand.Verify.class,
            StoreCommand.Compact.class,
            StoreCommand.Adopt.class,
            StoreCommand.SalvageAction.class
        })
final class StoreCommand {

    /** The directory of the store, and where its node key comes from. */
    static final class StoreOptions {

        @Spec(Spec.Target.MIXEE)
        private CommandSpec spec;

        @Option(
                names = "--data-dir",
                paramLabel = "DIR",
                defaultValue = "data",
                description = "The plane's data directory. Default: ${DEFAULT-VALUE}")
        private Path dataDir;

        @Option(
                names = "--node-key-file",
                paramLabel = "FILE",
                description = "A file with the node key in base64. Default: node.key in the data directory")
        private Path nodeKeyFile;

        @Option(
                names = "--node-key-command",
                paramLabel = "COMMAND",
                split = " ",
                description = "A command that prints the node key in base64.")
        private List<String> nodeKeyCommand = List.of();

        private KeySource keys() {
            return new KeySource(Optional.ofNullable(nodeKeyFile), nodeKeyCommand);
        }

        /** Prints why the store refused the work: that is no error of the program. */
        private int run(Callable<Integer> work) throws Exception {
            try {
                return work.call();
            } catch (PlaneException e) {
                spec.commandLine().getErr().println("pulseplane: " + e.getMessage());
                return ExitStatus.FAILED;
            }
        }

        private void print(List<String> lines) {
            var out = spec.commandLine().getOut();
            lines.forEach(out::println);
            out.flush();
        }
    }

    @Command(
            name = "inspect",
            description = {"Show what the store contains.", "", "The plane may be running or not."})
    static final class Inspect implements Callable<Integer> {

        @Mixin
        private StoreOptions options;

        @Option(names = "--json", description = "Print one line of JSON.")
        private boolean json;

        @Override
        public Integer call() throws Exception {
            return options.run(() -> {
                var figures = StoreFiles.inspect(options.dataDir, options.keys());
                if (json) {
                    options.print(List.of(jsonOf(figures)));
                } else {
                    var table = new Table("what", "value");
                    figures.forEach(figure -> table.row(figure.label(), textOf(figure)));
                    table.print(options.spec.commandLine().getOut());
                }
                return 0;
            });
        }

        private static String jsonOf(List<Figure> figures) {
            return figures.stream()
                    .map(figure -> "\"" + figure.field() + "\":" + figure.value())
                    .collect(Collectors.joining(",", "{", "}"));
        }

        private static String textOf(Figure figure) {
            return switch (figure.value()) {
                case null -> "-";
                case Double value -> String.format(Locale.ROOT, "%.3f", value);
                case Number time when figure.isTime() -> Times.format(time.longValue());
                case Number value -> value.toString();
            };
        }
    }

    @Command(
            name = "verify",
            description = {
                "Decrypt everything in the store, and report what is damaged.",
                "",
                "The command reads the files. The plane may be running or not."
            })
    static final class Verify implements Callable<Integer> {

        @Mixin
        private StoreOptions options;

        @Override
        public Integer call() throws Exception {
            return options.run(() -> {
                var report = StoreFiles.verify(options.dataDir, options.keys());
                var writer = report.intact()
                        ? options.spec.commandLine().getOut()
                        : options.spec.commandLine().getErr();
                report.lines().forEach(writer::println);
                writer.flush();
                return report.intact() ? 0 : ExitStatus.FAILED;
            });
        }
    }

    @Command(
            name = "compact",
            description = {
                "Turn the journal into chunks, and do all other maintenance of the store.",
                "",
                "The plane does so by itself. It must not be running."
            })
    static final class Compact implements Callable<Integer> {

        @Mixin
        private StoreOptions options;

        @Override
        public Integer call() throws Exception {
            return options.run(() -> {
                options.print(StoreFiles.compact(options.dataDir, options.keys()));
                return 0;
            });
        }
    }

    @Command(
            name = "adopt",
            description = {
                "Accept the files of a data directory as they are.",
                "",
                "A plane refuses to start when a file is older than the others, or missing. After you have put back the"
                        + " best files you have, this command makes them one store. What is not in them is lost. The"
                        + " plane must not be running."
            })
    static final class Adopt implements Callable<Integer> {

        @Mixin
        private StoreOptions options;

        @Option(
                names = "--audit-dir",
                paramLabel = "DIR",
                description = "The directory of the audit trail. Default: audit in the data directory")
        private Path auditDir;

        @Override
        public Integer call() throws Exception {
            return options.run(() -> {
                var audit = auditDir == null ? options.dataDir.resolve("audit") : auditDir;
                options.print(StoreFiles.adopt(options.dataDir, options.keys(), audit));
                return 0;
            });
        }
    }

    @Command(
            name = "salvage",
            description = {
                "Make a new store of what is whole in a damaged one, and report the rest.",
                "",
                "Nothing in the damaged directory is changed. Exit status 1 says that something is lost. The plane must"
                        + " not be running."
            })
    static final class SalvageAction implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Option(names = "--from", paramLabel = "DIR", required = true, description = "The damaged data directory.")
        private Path from;

        @Option(
                names = "--to",
                paramLabel = "DIR",
                required = true,
                description = "A directory for the new store, which is new or empty.")
        private Path to;

        @Option(
                names = "--node-key-file",
                paramLabel = "FILE",
                description = "A file with the node key in base64. Default: node.key in the damaged directory")
        private Path nodeKeyFile;

        @Option(
                names = "--node-key-command",
                paramLabel = "COMMAND",
                split = " ",
                description = "A command that prints the node key in base64.")
        private List<String> nodeKeyCommand = List.of();

        @Override
        public Integer call() {
            try {
                var keys = new KeySource(Optional.ofNullable(nodeKeyFile), nodeKeyCommand);
                var report = StoreFiles.salvage(from, to, keys);
                var out = spec.commandLine().getOut();
                report.lines().forEach(out::println);
                out.flush();
                return report.intact() ? 0 : ExitStatus.FAILED;
            } catch (PlaneException e) {
                spec.commandLine().getErr().println("pulseplane: " + e.getMessage());
                return ExitStatus.FAILED;
            }
        }
    }
}
