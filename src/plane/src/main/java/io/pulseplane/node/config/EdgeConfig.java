package io.pulseplane.node.config;

import io.pulseplane.files.PrivateFiles.Access;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.maintenance.FullDiskPolicy;
import io.pulseplane.store.edge.maintenance.Maintenance;
import io.pulseplane.store.edge.maintenance.Retention;
import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** Configuration of the edge store, which keeps readings in SQLite: {@code pulseplane.store=edge}. */
@ConfigMapping(prefix = "pulseplane.store")
public interface EdgeConfig {

    /** The node key, 32 bytes in base64. Set one of three properties; without any, the plane makes a key. */
    Optional<String> nodeKey();

    /** A file with the node key, 32 bytes in base64. */
    Optional<Path> nodeKeyFile();

    /** A command with its arguments that prints the node key in base64, for key management services. */
    Optional<List<String>> nodeKeyCommand();

    /**
     * Files with earlier node keys. At the start, the plane wraps keys that one of them wraps under the current one.
     */
    Optional<List<Path>> earlierNodeKeyFiles();

    /** The plane compacts the journal when it has this size; see {@link HeapShare} if empty. */
    Optional<MemorySize> compactAfterBytes();

    /** The plane compacts the journal when its oldest batch has this age. */
    @WithDefault("1m")
    Duration compactAfter();

    /** How long the plane keeps readings; forever if empty. */
    Optional<Duration> retention();

    /** How long the plane keeps readings of a code, where that differs from {@link #retention}. */
    Map<String, Duration> retentionByCode();

    /** How large the store may become on disk; the whole disk less a reserve if empty. */
    Optional<MemorySize> diskBudget();

    /** What the plane does when the budget is spent: refuse batches, or drop-oldest readings. */
    @WithDefault("refuse")
    FullDiskPolicy whenFull();

    /**
     * A file that gets every erasure and change of consent, too, so that the restore of an older backup applies them.
     */
    Optional<Path> privacyJournal();

    default EdgeSettings settings(int readerThreads, Access access) {
        if (Stream.of(nodeKey(), nodeKeyFile(), nodeKeyCommand())
                        .filter(Optional::isPresent)
                        .count()
                > 1) {
            throw new StartupException(
                    "pulseplane.store: set only one of node-key, node-key-file and" + " node-key-command");
        }
        return new EdgeSettings(
                readerThreads,
                nodeKey()
                        .map(KeyEncryptionKey::fromBase64)
                        .or(() -> nodeKeyFile().map(KeyEncryptionKey::read))
                        .or(() -> nodeKeyCommand().map(KeyEncryptionKey::fromCommand)),
                earlierNodeKeyFiles().orElse(List.of()).stream()
                        .map(KeyEncryptionKey::read)
                        .toList(),
                compactAfterBytes()
                        .map(MemorySize::asLongValue)
                        .orElseGet(() -> HeapShare.JOURNAL.or(Optional.empty()) / Maintenance.MAX_JOURNAL_FACTOR),
                compactAfter(),
                new Retention(retentionByCode(), retention()),
                diskBudget().map(size -> OptionalLong.of(size.asLongValue())).orElse(OptionalLong.empty()),
                whenFull(),
                access,
                privacyJournal());
    }
}
