package io.pulseplane.gate.audit.reading;

import io.pulseplane.gate.audit.AuditEntry;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.TimeRange;
import java.util.Optional;

/**
 * Selects records of the trail. An empty field matches all records.
 *
 * @param order of the records' numbers, in which they were appended
 * @param limit at least 1
 */
public record AuditFilter(
        TimeRange times,
        Optional<String> subject,
        Optional<String> action,
        Optional<String> patient,
        Optional<Decision> decision,
        Order order,
        long limit) {

    /** A record may have any time, also one that {@link TimeRange#ALL} does not contain. */
    private static final TimeRange ALWAYS = new TimeRange(Long.MIN_VALUE, Long.MAX_VALUE);

    public AuditFilter {
        if (limit < 1) {
            throw new IllegalArgumentException("the limit must be at least 1");
        }
    }

    /** Selects all records. */
    public static AuditFilter all(Order order) {
        return new AuditFilter(
                ALWAYS, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), order, Long.MAX_VALUE);
    }

    /**
     * @param subjectHash of the subject that is looked for
     * @param patientHash of the patient who is looked for
     */
    boolean matches(AuditEntry entry, Optional<String> subjectHash, Optional<String> patientHash) {
        var record = entry.record();
        return times.contains(record.timeUs())
                && (matchesText(subject, record.subject()) || matchesHash(subjectHash, entry.subjectHash()))
                && matchesText(action, record.action())
                && (matchesText(patient, record.patient()) || matchesHash(patientHash, entry.patientHash()))
                && decision.map(record.decision()::equals).orElse(true);
    }

    private static boolean matchesHash(Optional<String> expected, String actual) {
        return !actual.isEmpty() && expected.equals(Optional.of(actual));
    }

    private static boolean matchesText(Optional<String> expected, String actual) {
        return expected.isEmpty() || expected.get().equals(actual);
    }
}
