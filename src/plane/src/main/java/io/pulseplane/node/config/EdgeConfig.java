package io.pulseplane.node.config;

import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.maintenance.FullDiskPolicy;
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

/** How a plane keeps its readings in SQLite: {@code pulseplane.store=edge}. */
@ConfigMapping(prefix = "pulseplane.store")
public interface EdgeConfig {

    /** The key of the node, 32 bytes in base64. From one place only; made in the data directory if from none. */
    Optional<String> nodeKey();

    /** A file with the key of the node, 32 bytes in base64. */
    Optional<Path> nodeKeyFile();

    /** A command, with its arguments, that prints the key of the node in base64; for key management services. */
    Optional<List<String>> nodeKeyCommand();

    /** Files with keys the node had before: what was wrapped under one of them is wrapped anew at start. */
    Optional<List<Path>> earlierNodeKeyFiles();

    /** The journal is turned into chunks when it has this size. */
    @WithDefault("8M")
    MemorySize compactAfterBytes();

    /** Or when its oldest batch is this old. */
    @WithDefault("1m")
    Duration compactAfter();

    /** How long readings are kept. For good if empty. */
    Optional<Duration> keep();

    /** How long readings of a code are kept, where it is not as long as all others. */
    Map<String, Duration> keepCode();

    /** How large the store may get on disk. As large as the disk, less a reserve, if empty. */
    Optional<MemorySize> diskBudget();

    /** What happens then: refuse batches, or drop-oldest readings. */
    @WithDefault("refuse")
    FullDiskPolicy whenFull();

    default EdgeSettings settings(int readerThreads) {
        if (Stream.of(nodeKey(), nodeKeyFile(), nodeKeyCommand())
                        .filter(Optional::isPresent)
                        .count()
                > 1) {
            throw new StartupException("pulseplane.store: the node's key is to come from one place, not from"
                    + " more of node-key, node-key-file and node-key-command");
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
                compactAfterBytes().asLongValue(),
                compactAfter(),
                new Retention(keepCode(), keep()),
                diskBudget().map(size -> OptionalLong.of(size.asLongValue())).orElse(OptionalLong.empty()),
                whenFull());
    }
}
