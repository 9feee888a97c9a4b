package io.pulseplane.gate.audit;

/**
 * A record of the trail with its number.
 *
 * @param number counts from 1 over all segments, without gaps
 * @param isProven false if the record was found after a crash, beyond the last signature; its number may occur again
 * @param subjectHash the {@link PatientHash} of the subject, if the caller was a patient; empty if the trail has the
 *     subject itself
 * @param patientHash the {@link PatientHash} of the patient; empty if the trail has the patient's id, or none
 */
public record AuditEntry(long number, AuditRecord record, boolean isProven, String subjectHash, String patientHash) {

    /** An entry in which nothing is hashed. */
    public AuditEntry(long number, AuditRecord record, boolean isProven) {
        this(number, record, isProven, "", "");
    }

    /** The entry with subject and patient in its record, as far as somebody knows them. */
    public AuditEntry resolved(String subject, String patient) {
        return new AuditEntry(number, record.with(subject, patient), isProven, subjectHash, patientHash);
    }
}
