package io.pulseplane.gate.audit;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How the audit log is kept.
 *
 * @param directory holds the log and nothing else
 * @param keyFile the node's private key; made at the first opening if it is not there
 * @param nodeId the name of the node, as it stands in each segment
 * @param interval how long a record may wait in memory in {@link Mode#ASYNC}: what a power cut may take away
 */
public record AuditSettings(
        Mode mode, Path directory, Path keyFile, String nodeId, Duration interval, Queue queue, Segments segments) {

    /** When an append is done. */
    public enum Mode {
        /** When the record is on disk. */
        SYNC,
        /** At once; the record is on disk after {@link AuditSettings#interval} and one sync. */
        ASYNC,
        /** Nothing is written. */
        OFF
    }

    /**
     * What may wait to become durable, in memory.
     *
     * @param maxBytes estimated from the records' texts
     */
    public record Queue(int maxRecords, long maxBytes) {

        public static final Queue DEFAULT = new Queue(262_144, 128L << 20);

        public Queue {
            require(maxRecords > 0 && maxBytes > 0, "the audit queue must have room for something");
        }
    }

    /**
     * How long the files of the log grow and how long they are kept. A file is sealed when it reaches its size or its age,
     * whichever is sooner, and exceeds the size by one group commit at most.
     *
     * @param retention a sealed file is removed when its seal is older than this
     */
    public record Segments(long maxBytes, Duration maxAge, Duration retention) {

        /** HIPAA asks for six years: 45 CFR 164.316(b)(2)(i). */
        private static final Duration SIX_YEARS = Duration.ofDays(6 * 365 + 2);

        public static final Segments DEFAULT = new Segments(64L << 20, Duration.ofDays(1), SIX_YEARS);

        public Segments {
            require(maxBytes > 0, "an audit segment must have room for something");
            require(
                    maxAge.isPositive() && retention.isPositive(),
                    "age and retention of audit segments must be positive");
        }
    }

    private static final Duration DEFAULT_INTERVAL = Duration.ofMillis(100);

    public AuditSettings {
        require(interval.isPositive(), "the audit interval must be positive");
        require(
                !nodeId.isBlank() && nodeId.length() <= AuditRecord.MAX_TEXT_LENGTH,
                "the node must have a name, not a story");
    }

    /** With all bounds as they are by default, and the key in the log's own directory. */
    public static AuditSettings of(Mode mode, Path directory, String node) {
        return new AuditSettings(
                mode,
                directory,
                directory.resolve("node.key"),
                node,
                DEFAULT_INTERVAL,
                Queue.DEFAULT,
                Segments.DEFAULT);
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
