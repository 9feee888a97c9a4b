package io.pulseplane.api;

import io.pulseplane.gate.audit.AuditFilter;
import io.pulseplane.gate.audit.AuditReader;

/** Opens the audit trail for reading. */
@FunctionalInterface
public interface AuditTrailSource {

    /** Opens a reader, which the caller must close. Blocks. */
    AuditReader open(AuditFilter filter);
}
