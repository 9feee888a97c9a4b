/** Hands the signed end of an audit trail to places where whoever can change the trail cannot change it. */
package io.pulseplane.gate.audit.anchoring;
