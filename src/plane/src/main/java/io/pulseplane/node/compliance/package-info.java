/**
 * Controls of security and privacy that can be checked: what a running plane says of its own configuration and state,
 * and what its data directory shows. Each control names the requirement that it meets. Nothing here decides anything;
 * nothing here shows a key, a token or a patient.
 */
package io.pulseplane.node.compliance;
