package io.pulseplane.api;

import io.pulseplane.gate.audit.AuditFilter;
import io.pulseplane.gate.audit.AuditReader;

/** Opens readers of the audit trail. */
@FunctionalInterface
public interface AuditTrailSource {

    /** Blocks. The caller closes the reader. */
    AuditReader open(AuditFilter filter);
}
