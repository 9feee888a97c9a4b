package io.pulseplane.gate.audit.writing;

import io.pulseplane.files.PrivateFiles.Access;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.PatientHash;
import io.pulseplane.gate.audit.SigningKey;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The settings of an audit trail.
 *
 * @param directory holds the trail and nothing else
 * @param access who besides the owner may read the directory
 * @param signingKey where the key is that signs the trail
 * @param nodeId the name of the node; the header of each segment has it
 * @param patientHash hashes the patients in records; if empty, the trail has them in clear
 * @param interval how long a record may wait in memory in {@link Mode#ASYNC}; a power cut loses the waiting records
 */
public record AuditSettings(
        Mode mode,
        Path directory,
        Access access,
        SigningKey.Source signingKey,
        String nodeId,
        Optional<PatientHash> patientHash,
        Duration interval,
        Queue queue,
        Segments segments) {

    /** When an append completes. */
    public enum Mode {
        /** When the record is on disk. */
        SYNC,
        /** At once. The record is on disk after {@link AuditSettings#interval} and one sync. */
        ASYNC,
        /** At once. Nothing is written. */
        OFF
    }

    /**
     * The bounds of the records that wait in memory to become durable.
     *
     * @param maxBytes estimated from the records' texts
     */
    public record Queue(int maxRecords, long maxBytes) {

        public static final Queue DEFAULT = new Queue(262_144, 128L << 20);

        public Queue {
            require(maxRecords > 0 && maxBytes > 0, "the audit queue's bounds on records and bytes must be positive");
        }
    }

    /**
     * How large and how old a segment gets, and how long it is kept. A segment is sealed at the first write after it
     * has reached its size or its age, so it exceeds its size by one group commit at most. An idle trail checks every
     * minute.
     *
     * @param retention a sealed segment is removed when it was sealed longer ago than this
     */
    public record Segments(long maxBytes, Duration maxAge, Duration retention) {

        /** HIPAA requires six years: 45 CFR 164.316(b)(2)(i). */
        private static final Duration SIX_YEARS = Duration.ofDays(6 * 365 + 2);

        public static final Segments DEFAULT = new Segments(64L << 20, Duration.ofDays(1), SIX_YEARS);

        public Segments {
            require(maxBytes > 0, "the size of audit segments must be positive");
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
                "the node's name must have 1 to " + AuditRecord.MAX_TEXT_LENGTH + " characters, not only blanks");
    }

    /** Settings of a trail that has patients in clear. */
    public AuditSettings(
            Mode mode,
            Path directory,
            Access access,
            SigningKey.Source signingKey,
            String nodeId,
            Duration interval,
            Queue queue,
            Segments segments) {
        this(mode, directory, access, signingKey, nodeId, Optional.empty(), interval, queue, segments);
    }

    /** Default bounds, with the key in the trail's directory. */
    public static AuditSettings of(Mode mode, Path directory, String nodeId) {
        return new AuditSettings(
                mode,
                directory,
                Access.OWNER,
                new SigningKey.Source.InDirectory(),
                nodeId,
                DEFAULT_INTERVAL,
                Queue.DEFAULT,
                Segments.DEFAULT);
    }

    public AuditSettings withPatientHash(PatientHash hash) {
        return new AuditSettings(
                mode, directory, access, signingKey, nodeId, Optional.of(hash), interval, queue, segments);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
