package io.pulseplane.cli.backup;

import io.pulseplane.node.backup.Backups;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Makes a data directory of a backup. */
@Command(
        name = "restore",
        description = {
            "Make a data directory of a backup.",
            "",
            "Everything is verified before it is put into its place. Erasures and changes of consent after the backup"
                    + " are applied again. Exit status 1 without a line that says restored: nothing was restored."
        })
public final class RestoreCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--from", paramLabel = "DIR", required = true, description = "The directory of the backups.")
    private Path from;

    @Option(
            names = "--backup",
            paramLabel = "NUMBER",
            description = "The number of the backup, as backup list shows it. Default: the newest")
    private Integer number;

    @Option(
            names = "--to",
            paramLabel = "DIR",
            required = true,
            description = "The new data directory. It must be new or empty.")
    private Path to;

    @Option(
            names = "--recovery-key",
            paramLabel = "FILE",
            required = true,
            description = "The private key for which the keys are sealed: X25519 in PEM, readable by its owner alone.")
    private Path recoveryKey;

    @Option(
            names = "--privacy-journal",
            paramLabel = "FILE",
            description = "The plane's file with erasures and changes of consent, pulseplane.store.privacy-journal."
                    + " Default: privacy.journal in the directory of the backups")
    private Path privacyJournal;

    @Option(
            names = "--without-node-key",
            description = "Do not write node.key, because the key of the node lies elsewhere.")
    private boolean withoutNodeKey;

    @Override
    public Integer call() {
        return Reports.print(
                spec,
                () -> Backups.restore(
                        from,
                        number == null ? OptionalInt.empty() : OptionalInt.of(number),
                        to,
                        recoveryKey,
                        !withoutNodeKey,
                        Optional.ofNullable(privacyJournal)));
    }
}
