package io.pulseplane.gate.audit;

/**
 * A record of the trail with its number.
 *
 * @param number counts from 1 over all segments, without gaps
 */
public record AuditEntry(long number, AuditRecord record) {

    /** The record's line in the trail, without the line break. */
    public String json() {
        return RecordLine.text(number, record);
    }
}
