/**
 * Writes the audit trail: records wait in a queue, and one thread writes them in groups, syncs them, signs the head,
 * seals segments, removes those whose retention has passed, and continues after a crash or a failed write.
 *
 * <p>The entrance is {@link io.pulseplane.gate.audit.writing.AuditTrail}. The format is described in
 * {@link io.pulseplane.gate.audit}.
 */
package io.pulseplane.gate.audit.writing;
