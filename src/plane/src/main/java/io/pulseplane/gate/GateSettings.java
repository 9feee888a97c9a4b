package io.pulseplane.gate;

import java.time.Duration;

/**
 * How the gate is set.
 *
 * @param nodeId the plane's own id
 * @param maxRequestsPerSecond how often one subject may ask; without bound when 0
 * @param maxAnonymousRequestsPerSecond how often those who cannot say who they are may ask from one address; without bound when 0
 * @param maxCallsPerConnection how many calls a connection may have under way, as its client was told by HTTP/2
 * @param maxMetadataBytes what a caller may say beside a request, counted as HTTP/2 counts it
 * @param clockSkew how much longer than it says a token holds
 * @param grantTtl how long one record in the audit trail stands for a request that is repeated on the same stream
 */
public record GateSettings(
        String nodeId,
        long maxRequestsPerSecond,
        long maxAnonymousRequestsPerSecond,
        int maxCallsPerConnection,
        long maxMetadataBytes,
        Duration clockSkew,
        Duration grantTtl) {}
