package io.pulseplane.gate.audit;

/**
 * A record of the trail with its number.
 *
 * @param number counts from 1 over all segments, without gaps
 * @param isProven false if the record was found after a crash, beyond the last signature; its number may occur again
 */
public record AuditEntry(long number, AuditRecord record, boolean isProven) {

    /** The record's line in the trail, without the line break. */
    public String json() {
        return RecordLine.text(number, record);
    }
}
