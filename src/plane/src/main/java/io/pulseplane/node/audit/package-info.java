/** The audit trail of a plane that runs, and of one that does not, with the names of patients. */
package io.pulseplane.node.audit;
