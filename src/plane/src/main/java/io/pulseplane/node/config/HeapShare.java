package io.pulseplane.node.config;

import io.quarkus.runtime.configuration.MemorySize;
import java.util.Optional;

/**
 * What the plane keeps in memory at most, as parts of the heap it finds, where nothing is configured. The parts
 * together leave room for everything else on the smallest supported heap, {@value #SMALLEST_HEAP_MIB} MiB.
 */
public enum HeapShare {
    /** Answers under way. */
    ANSWERS(8, 1L << 40),
    /** Batches that are not durable yet. */
    INGEST(8, 256L << 20),
    /** Incomplete messages of all connections. */
    INBOUND(16, 256L << 20),
    /** Latest readings. */
    LATEST(16, 128L << 20),
    /** Windows that the plane remembers. */
    WINDOWS(32, 64L << 20),
    /** Readings that are in the journal only. The journal may grow to 16 times the size at which it is compacted. */
    JOURNAL(8, 128L << 20),
    /** Audit records that are not on disk yet. */
    AUDIT(16, 128L << 20);

    public static final int SMALLEST_HEAP_MIB = 256;

    /** A connection takes up to 100 KB. */
    private static final int HEAP_PER_CONNECTION = 256 << 10;

    private final int divisor;
    private final long maxBytes;

    HeapShare(int divisor, long maxBytes) {
        this.divisor = divisor;
        this.maxBytes = maxBytes;
    }

    /** The bytes on a heap of this size. */
    public long bytesOf(long heapBytes) {
        return Math.min(heapBytes / divisor, maxBytes);
    }

    /** How many connections there may be on a heap of this size. */
    public static int connectionsOf(long heapBytes) {
        return Math.toIntExact(Math.min(heapBytes / HEAP_PER_CONNECTION, Integer.MAX_VALUE));
    }

    /** The bytes that are configured, or else this part of the heap of this process. */
    public long or(Optional<MemorySize> configured) {
        return configured
                .map(MemorySize::asLongValue)
                .orElseGet(() -> bytesOf(Runtime.getRuntime().maxMemory()));
    }
}
