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

/** Looks into the files of an edge store. */
@Command(
        name = "store",
        description = "Look into the files of an edge store, verify or compact them.",
        synopsisSubcommandLabel = "ACTION",
        subcommands = {StoreCommand.Inspect.class, StoreCommand.Verify.class, StoreCommand.Compact.class})
final class StoreCommand {

    private static final int FAILED = 1;

    /** Which store, and what opens it. */
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
                description = "The key of the node, in base64. Default: node.key in the data directory")
        private Path nodeKeyFile;

        @Option(
                names = "--node-key-command",
                paramLabel = "COMMAND",
                split = " ",
                description = "A command that prints the key of the node, in base64.")
        private List<String> nodeKeyCommand = List.of();

        private KeySource keys() {
            return new KeySource(Optional.ofNullable(nodeKeyFile), nodeKeyCommand);
        }

        /** What a store refuses is said, and is no error of the program. */
        private int run(Callable<Integer> work) throws Exception {
            try {
                return work.call();
            } catch (PlaneException e) {
                spec.commandLine().getErr().println("pulseplane: " + e.getMessage());
                return FAILED;
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
            description = {"Tell what the store holds.", "", "The plane may run meanwhile, or not."})
    static final class Inspect implements Callable<Integer> {

        @Mixin
        private StoreOptions which;

        @Option(names = "--json", description = "Print one line of JSON.")
        private boolean json;

        @Override
        public Integer call() throws Exception {
            return which.run(() -> {
                var figures = StoreFiles.inspect(which.dataDir, which.keys());
                if (json) {
                    which.print(List.of(jsonOf(figures)));
                } else {
                    var table = new Table("what", "value");
                    figures.forEach(figure -> table.row(figure.label(), textOf(figure)));
                    table.print(which.spec.commandLine().getOut());
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
                "Open everything the store has, and tell what is damaged.",
                "",
                "Reads the files themselves; the plane may run meanwhile, or not."
            })
    static final class Verify implements Callable<Integer> {

        @Mixin
        private StoreOptions which;

        @Override
        public Integer call() throws Exception {
            return which.run(() -> {
                var report = StoreFiles.verify(which.dataDir, which.keys());
                var to = report.intact()
                        ? which.spec.commandLine().getOut()
                        : which.spec.commandLine().getErr();
                report.lines().forEach(to::println);
                to.flush();
                return report.intact() ? 0 : FAILED;
            });
        }
    }

    @Command(
            name = "compact",
            description = {
                "Turn the journal into chunks, and do all else that is done behind the scenes.",
                "",
                "The plane does so by itself, and must not run meanwhile."
            })
    static final class Compact implements Callable<Integer> {

        @Mixin
        private StoreOptions which;

        @Override
        public Integer call() throws Exception {
            return which.run(() -> {
                which.print(StoreFiles.compact(which.dataDir, which.keys()));
                return 0;
            });
        }
    }
}
