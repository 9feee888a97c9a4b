/** Takes batches in: screens them, groups them, makes them durable, publishes their readings, and acknowledges them. */
package io.pulseplane.ingest;
