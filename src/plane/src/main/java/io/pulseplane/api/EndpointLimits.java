package io.pulseplane.api;

import java.time.Duration;

/**
 * Limits of the endpoints.
 *
 * @param maxBatchReadings maximum number of readings of a batch
 * @param maxStreamBytes maximum memory of the unacknowledged batches of one stream, in bytes
 * @param unaryDeadline maximum time of a unary query
 */
public record EndpointLimits(int maxBatchReadings, long maxStreamBytes, Duration unaryDeadline) {}
