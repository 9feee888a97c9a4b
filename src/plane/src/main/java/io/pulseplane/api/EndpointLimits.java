package io.pulseplane.api;

/**
 * Limits of the endpoints.
 *
 * @param maxBatchReadings maximum number of readings of a batch
 * @param maxStreamBytes maximum memory of the unacknowledged batches of one stream, in bytes
 * @param deadlines maximum time of a query with a single answer
 */
public record EndpointLimits(int maxBatchReadings, long maxStreamBytes, Deadlines deadlines) {}
