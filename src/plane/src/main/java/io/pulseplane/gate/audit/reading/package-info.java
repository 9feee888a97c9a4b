/** Reads the records of an audit trail that match a filter, while a plane may write the trail. */
package io.pulseplane.gate.audit.reading;
