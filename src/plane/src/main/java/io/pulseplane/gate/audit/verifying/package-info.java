/** Finds out by digests and signatures whether an audit trail is as the node wrote it, and where it is not. */
package io.pulseplane.gate.audit.verifying;
