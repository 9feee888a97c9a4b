package io.pulseplane.api;

import java.time.Duration;

/**
 * Limits of the endpoints.
 *
 * @param maxBatchReadings maximum number of readings of a batch
 * @param maxStreamBytes maximum memory of the unacknowledged batches of one stream, in bytes
 * @param deadlines maximum time of a query with a single answer
 * @param clockAllowance how far a time that a caller calls the present may be ahead of the plane's clock
 */
public record EndpointLimits(int maxBatchReadings, long maxStreamBytes, Deadlines deadlines, Duration clockAllowance) {}
