package io.pulseplane.api;

import io.pulseplane.gate.audit.AuditFilter;
import io.pulseplane.gate.audit.AuditReader;

/** Where the audit trail is read from. */
@FunctionalInterface
public interface AuditTrailSource {

    /** Blocks. The reader is the caller's to close. */
    AuditReader open(AuditFilter filter);
}
