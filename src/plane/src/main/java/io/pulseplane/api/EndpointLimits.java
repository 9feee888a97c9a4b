package io.pulseplane.api;

import java.time.Duration;

/**
 * Bounds that the endpoints keep.
 *
 * @param maxBatchReadings how many readings one batch may hold
 * @param maxStreamBytes bound on what one stream has unacknowledged, in bytes of memory
 * @param unaryDeadline how long a unary query may take
 */
public record EndpointLimits(int maxBatchReadings, long maxStreamBytes, Duration unaryDeadline) {}
