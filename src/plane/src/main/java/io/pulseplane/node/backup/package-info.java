/** Backups of an edge store and of its audit trail, for the command line. */
package io.pulseplane.node.backup;
