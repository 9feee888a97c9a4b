package io.pulseplane.cli.backup;

import io.pulseplane.node.StoreFiles.KeySource;
import io.pulseplane.node.StoreFiles.Report;
import io.pulseplane.node.backup.Backups;
import io.pulseplane.node.backup.Backups.Keep;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Makes, lists, verifies and prunes backups of an edge store. */
@Command(
        name = "backup",
        description = "Make, list, verify or prune backups of an edge store.",
        synopsisSubcommandLabel = "ACTION",
        subcommands = {
            BackupCommand.Full.class,
            BackupCommand.Incremental.class,
            BackupCommand.Differential.class,
            BackupCommand.ListBackups.class,
            BackupCommand.Verify.class,
            BackupCommand.Prune.class
        })
public final class BackupCommand {

    /** What is backed up, and where to. */
    static final class BackupOptions {

        @Spec(Spec.Target.MIXEE)
        private CommandSpec spec;

        @Option(
                names = "--to",
                paramLabel = "DIR",
                required = true,
                description = "The directory of all backups of this store.")
        private Path to;

        @Option(
                names = "--recovery-key",
                paramLabel = "FILE",
                required = true,
                description = "The public key for which the keys are sealed: X25519 in PEM.")
        private Path recoveryKey;

        @Option(
                names = "--data-dir",
                paramLabel = "DIR",
                defaultValue = "data",
                description = "The plane's data directory. Default: ${DEFAULT-VALUE}")
        private Path dataDir;

        @Option(
                names = "--audit-dir",
                paramLabel = "DIR",
                description = "The directory of the audit trail. Default: audit in the data directory")
        private Path auditDir;

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

        private int make(String kind) {
            return Reports.print(
                    spec,
                    () -> new Report(
                            true,
                            Backups.make(
                                    kind,
                                    dataDir,
                                    new KeySource(Optional.ofNullable(nodeKeyFile), nodeKeyCommand),
                                    Optional.ofNullable(auditDir),
                                    to,
                                    recoveryKey)));
        }
    }

    @Command(
            name = "full",
            description = {
                "Back up everything.",
                "",
                "The plane may be running or not. A later incremental backup needs this one."
            })
    static final class Full implements Callable<Integer> {

        @Mixin
        private BackupOptions options;

        @Override
        public Integer call() {
            return options.make("full");
        }
    }

    @Command(
            name = "incremental",
            description = {
                "Back up what changed since the last backup.",
                "",
                "The plane may be running or not. To restore it, all backups since the last full one are needed."
            })
    static final class Incremental implements Callable<Integer> {

        @Mixin
        private BackupOptions options;

        @Override
        public Integer call() {
            return options.make("incremental");
        }
    }

    @Command(
            name = "differential",
            description = {
                "Back up what changed since the last full backup.",
                "",
                "The plane may be running or not. To restore it, the last full backup is needed."
            })
    static final class Differential implements Callable<Integer> {

        @Mixin
        private BackupOptions options;

        @Override
        public Integer call() {
            return options.make("differential");
        }
    }

    /** The directory with the backups. */
    static final class DirectoryOptions {

        @Spec(Spec.Target.MIXEE)
        private CommandSpec spec;

        @Option(names = "--from", paramLabel = "DIR", required = true, description = "The directory of the backups.")
        private Path from;
    }

    @Command(name = "list", description = "List the backups in a directory.")
    static final class ListBackups implements Callable<Integer> {

        @Mixin
        private DirectoryOptions options;

        @Override
        public Integer call() {
            return Reports.print(options.spec, () -> new Report(true, Backups.list(options.from)));
        }
    }

    @Command(
            name = "verify",
            description = {
                "Read all backups, and report what is damaged or missing.",
                "",
                "No key is needed. Exit status 1 says that something is damaged."
            })
    static final class Verify implements Callable<Integer> {

        @Mixin
        private DirectoryOptions options;

        @Option(
                names = "--digest",
                paramLabel = "DIGEST",
                description = "The digest of a backup that must be there, as backup full prints it.")
        private String digest;

        @Override
        public Integer call() {
            return Reports.print(options.spec, () -> Backups.verify(options.from, Optional.ofNullable(digest)));
        }
    }

    @Command(
            name = "prune",
            description = {
                "Remove backups that are not to be kept.",
                "",
                "The newest backup and the newest full one always stay, and so do those that a kept one needs. Days,"
                        + " weeks and months are those of UTC."
            })
    static final class Prune implements Callable<Integer> {

        @Mixin
        private DirectoryOptions options;

        @Option(names = "--keep-last", paramLabel = "N", defaultValue = "0", description = "Keep the newest N backups.")
        private int last;

        @Option(
                names = "--keep-daily",
                paramLabel = "N",
                defaultValue = "0",
                description = "Keep the newest backup of each of the last N days that have one.")
        private int daily;

        @Option(
                names = "--keep-weekly",
                paramLabel = "N",
                defaultValue = "0",
                description = "Keep the newest backup of each of the last N weeks that have one.")
        private int weekly;

        @Option(
                names = "--keep-monthly",
                paramLabel = "N",
                defaultValue = "0",
                description = "Keep the newest backup of each of the last N months that have one.")
        private int monthly;

        @Override
        public Integer call() {
            if (last < 0 || daily < 0 || weekly < 0 || monthly < 0 || last + daily + weekly + monthly == 0) {
                options.spec
                        .commandLine()
                        .getErr()
                        .println("pulseplane: say how many backups to keep: --keep-last, --keep-daily, --keep-weekly or"
                                + " --keep-monthly");
                return Reports.USAGE;
            }
            return Reports.print(
                    options.spec,
                    () -> new Report(true, Backups.prune(options.from, new Keep(last, daily, weekly, monthly))));
        }
    }
}
