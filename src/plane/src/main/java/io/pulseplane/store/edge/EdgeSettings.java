package io.pulseplane.store.edge;

import io.pulseplane.files.PrivateFiles.Access;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.maintenance.FullDiskPolicy;
import io.pulseplane.store.edge.maintenance.Retention;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The settings of an edge store.
 *
 * @param readerThreads how many threads run queries
 * @param nodeKey wraps the data keys; if empty, the store uses a key in the data directory, and creates it there
 * @param earlierNodeKeys keys that may have wrapped the data keys until now; the store wraps them under {@code nodeKey}
 * @param compactAfterBytes the size at which the journal is compacted into chunks
 * @param compactAfter the age at which the journal is compacted into chunks
 * @param retention how long readings are kept
 * @param diskBudgetBytes how many bytes the store may take on disk; if empty, as many as the disk has
 * @param fullDiskPolicy what happens when the budget is used up
 * @param access who besides the owner may read the data directory
 * @param privacyJournal a file that gets erasures and changes of consent, too, so that a restore can apply them again
 */
public record EdgeSettings(
        int readerThreads,
        Optional<KeyEncryptionKey> nodeKey,
        List<KeyEncryptionKey> earlierNodeKeys,
        long compactAfterBytes,
        Duration compactAfter,
        Retention retention,
        OptionalLong diskBudgetBytes,
        FullDiskPolicy fullDiskPolicy,
        Access access,
        Optional<Path> privacyJournal) {

    private static final long COMPACT_AFTER_BYTES = 8L << 20;
    private static final Duration COMPACT_AFTER = Duration.ofMinutes(1);

    public EdgeSettings {
        earlierNodeKeys = List.copyOf(earlierNodeKeys);
    }

    /** The default settings: the node's key in the data directory, unlimited retention, no disk budget. */
    public static EdgeSettings of(int readerThreads) {
        return new EdgeSettings(
                readerThreads,
                Optional.empty(),
                List.of(),
                COMPACT_AFTER_BYTES,
                COMPACT_AFTER,
                Retention.UNLIMITED,
                OptionalLong.empty(),
                FullDiskPolicy.REFUSE,
                Access.OWNER,
                Optional.empty());
    }

    public EdgeSettings withNodeKey(KeyEncryptionKey key, KeyEncryptionKey... earlier) {
        return new EdgeSettings(
                readerThreads,
                Optional.of(key),
                List.of(earlier),
                compactAfterBytes,
                compactAfter,
                retention,
                diskBudgetBytes,
                fullDiskPolicy,
                access,
                privacyJournal);
    }

    public EdgeSettings withRetention(Retention retention) {
        return new EdgeSettings(
                readerThreads,
                nodeKey,
                earlierNodeKeys,
                compactAfterBytes,
                compactAfter,
                retention,
                diskBudgetBytes,
                fullDiskPolicy,
                access,
                privacyJournal);
    }

    public EdgeSettings withAccess(Access access) {
        return new EdgeSettings(
                readerThreads,
                nodeKey,
                earlierNodeKeys,
                compactAfterBytes,
                compactAfter,
                retention,
                diskBudgetBytes,
                fullDiskPolicy,
                access,
                privacyJournal);
    }

    public EdgeSettings withDiskBudget(long bytes, FullDiskPolicy policy) {
        return new EdgeSettings(
                readerThreads,
                nodeKey,
                earlierNodeKeys,
                compactAfterBytes,
                compactAfter,
                retention,
                OptionalLong.of(bytes),
                policy,
                access,
                privacyJournal);
    }

    public EdgeSettings withPrivacyJournal(Path file) {
        return new EdgeSettings(
                readerThreads,
                nodeKey,
                earlierNodeKeys,
                compactAfterBytes,
                compactAfter,
                retention,
                diskBudgetBytes,
                fullDiskPolicy,
                access,
                Optional.of(file));
    }
}
