package io.pulseplane.gate.audit;

/** What happens to the audit log, for those who count. Called from several threads; must not block. */
public interface AuditEvents {

    /** For those who do not count. */
    AuditEvents NONE = new AuditEvents() {};

    /** A group of records became durable with one sync. @param nanos from when the writer took it on */
    default void committed(int records, long nanos) {}

    /** A record was not taken: the queue was full, the log cannot be written, or it is closed. */
    default void recordRefused() {}

    /** The log could not be written; called again at each attempt that fails. */
    default void writeFailed() {}

    /** The log can be written again. */
    default void writeRecovered() {}
}
