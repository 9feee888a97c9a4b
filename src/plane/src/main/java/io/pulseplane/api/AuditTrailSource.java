package io.pulseplane.api;

import io.pulseplane.gate.audit.reading.AuditFilter;
import io.pulseplane.gate.audit.reading.AuditReader;

/** Opens readers of the audit trail. */
@FunctionalInterface
public interface AuditTrailSource {

    /** Blocks. The caller closes the reader. */
    AuditReader open(AuditFilter filter);
}
