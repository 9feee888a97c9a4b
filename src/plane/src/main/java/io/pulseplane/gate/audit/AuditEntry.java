package io.pulseplane.gate.audit;

/**
 * A record in its place in the log.
 *
 * @param number counts from 1 over all segments, without gaps
 */
public record AuditEntry(long number, AuditRecord record) {

    /** The line that stands in the log, without its line break. */
    public String json() {
        return RecordLine.text(number, record);
    }
}
