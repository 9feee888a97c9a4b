package io.pulseplane.gate.audit.reading;

import io.pulseplane.gate.audit.AuditRecord;
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

    boolean matches(AuditRecord record) {
        return times.contains(record.timeUs())
                && matchesText(subject, record.subject())
                && matchesText(action, record.action())
                && matchesText(patient, record.patient())
                && decision.map(record.decision()::equals).orElse(true);
    }

    private static boolean matchesText(Optional<String> expected, String actual) {
        return expected.isEmpty() || expected.get().equals(actual);
    }
}
