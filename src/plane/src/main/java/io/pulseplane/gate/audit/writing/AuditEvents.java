package io.pulseplane.gate.audit.writing;

/** Listens to events of the audit trail, for metrics. Several threads call it; an implementation must not block. */
public interface AuditEvents {

    /** Ignores all events. */
    AuditEvents NONE = new AuditEvents() {};

    /**
     * A batch of records became durable with one sync.
     *
     * @param nanos how long the write took; after a failed attempt, the time since the failure
     */
    default void committed(int records, long nanos) {}

    /** The trail refused a record: the queue is full, or the trail cannot be written, or it is closed. */
    default void recordRefused() {}

    /** An attempt to write the trail failed. Called for each attempt. */
    default void writeFailed() {}

    /** The trail can be written again. */
    default void writeRecovered() {}
}
