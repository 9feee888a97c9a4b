package io.pulseplane.gate.audit;

import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.TimeRange;
import java.util.Optional;

/**
 * Which records are asked for; what is empty matches all.
 *
 * @param order by place in the log, which is the order in which records were appended
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

    /** Every time there is; a record may have any. */
    private static final TimeRange ALWAYS = new TimeRange(Long.MIN_VALUE, Long.MAX_VALUE);

    public AuditFilter {
        if (limit < 1) {
            throw new IllegalArgumentException("a limit is at least 1");
        }
    }

    /** Everything, in this order. */
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

    private static boolean matchesText(Optional<String> wanted, String is) {
        return wanted.isEmpty() || wanted.get().equals(is);
    }
}
