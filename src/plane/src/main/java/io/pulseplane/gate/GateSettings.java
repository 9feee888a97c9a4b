package io.pulseplane.gate;

import java.time.Duration;

/**
 * Settings of the gate.
 *
 * @param nodeId the plane's own id
 * @param maxRequestsPerSecond the rate of requests for each subject; no limit if 0
 * @param maxAnonymousRequestsPerSecond the rate of calls without an identity for each address; no limit if 0
 * @param maxCallsPerConnection how many calls a connection may have under way, as HTTP/2 announced it to the client
 * @param maxMetadataBytes the size of a call's metadata, counted as HTTP/2 counts it
 * @param clockSkew how long after its expiry a token is still accepted, because clocks differ
 * @param needsPatientClaim whether a device may write only for the patients that its token names
 * @param grantTtl how long one record in the audit trail stands for a request that is repeated on the same stream
 */
public record GateSettings(
        String nodeId,
        long maxRequestsPerSecond,
        long maxAnonymousRequestsPerSecond,
        int maxCallsPerConnection,
        long maxMetadataBytes,
        Duration clockSkew,
        boolean needsPatientClaim,
        Duration grantTtl) {

    /** For devices that may write for patients whom their token does not name. */
    public GateSettings(
            String nodeId,
            long maxRequestsPerSecond,
            long maxAnonymousRequestsPerSecond,
            int maxCallsPerConnection,
            long maxMetadataBytes,
            Duration clockSkew,
            Duration grantTtl) {
        this(
                nodeId,
                maxRequestsPerSecond,
                maxAnonymousRequestsPerSecond,
                maxCallsPerConnection,
                maxMetadataBytes,
                clockSkew,
                false,
                grantTtl);
    }
}
