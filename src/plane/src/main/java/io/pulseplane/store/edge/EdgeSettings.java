package io.pulseplane.store.edge;

import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.maintenance.FullDiskPolicy;
import io.pulseplane.store.edge.maintenance.Retention;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How an edge store is run.
 *
 * @param readerThreads threads that read
 * @param nodeKey wraps the data keys; a key in the data directory, made there, when empty
 * @param earlierNodeKeys may have wrapped the data keys before; they are wrapped anew
 * @param compactAfterBytes a journal of this size is turned into chunks
 * @param compactAfter a journal of this age, too
 * @param retention how long readings are kept
 * @param diskBudgetBytes of bytes on disk; as much as there is when empty
 * @param fullDiskPolicy what happens at the budget
 */
public record EdgeSettings(
        int readerThreads,
        Optional<KeyEncryptionKey> nodeKey,
        List<KeyEncryptionKey> earlierNodeKeys,
        long compactAfterBytes,
        Duration compactAfter,
        Retention retention,
        OptionalLong diskBudgetBytes,
        FullDiskPolicy fullDiskPolicy) {

    private static final long COMPACT_AFTER_BYTES = 8L << 20;
    private static final Duration COMPACT_AFTER = Duration.ofMinutes(1);

    public EdgeSettings {
        earlierNodeKeys = List.copyOf(earlierNodeKeys);
    }

    public static EdgeSettings of(int readerThreads) {
        return new EdgeSettings(
                readerThreads,
                Optional.empty(),
                List.of(),
                COMPACT_AFTER_BYTES,
                COMPACT_AFTER,
                Retention.UNLIMITED,
                OptionalLong.empty(),
                FullDiskPolicy.REFUSE);
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
                fullDiskPolicy);
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
                fullDiskPolicy);
    }

    public EdgeSettings withDiskBudget(long bytes, FullDiskPolicy whenFull) {
        return new EdgeSettings(
                readerThreads,
                nodeKey,
                earlierNodeKeys,
                compactAfterBytes,
                compactAfter,
                retention,
                OptionalLong.of(bytes),
                whenFull);
    }
}
