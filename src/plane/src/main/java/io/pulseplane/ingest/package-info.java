/** Takes batches in: screens them, groups them, has them made durable, tells those who watch, and acknowledges. */
package io.pulseplane.ingest;
