package io.pulseplane.gate;

import io.grpc.InternalMetadata;
import io.grpc.Metadata;
import io.pulseplane.gate.token.BearerToken;
import io.pulseplane.vitals.Identifier;
import io.pulseplane.vitals.PlaneException;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Checks the metadata of a call and the rate of calls, and reads the token and the request id from the metadata. */
final class Admission {

    /** Read as bytes: a string for the token of every call would be most of the garbage that the gate makes. */
    private static final Metadata.Key<byte[]> AUTHORIZATION =
            InternalMetadata.keyOf("authorization", new InternalMetadata.TrustedAsciiMarshaller<>() {
                @Override
                public byte[] toAsciiString(byte[] value) {
                    return value;
                }

                @Override
                public byte[] parseAsciiString(byte[] serialized) {
                    return serialized;
                }
            });

    /** RFC 9113 (6.5.2) adds this for each pair of name and value, so that many small pairs are not free. */
    private static final int METADATA_OVERHEAD = 32;

    private static final Metadata.Key<String> REQUEST_ID =
            Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER);

    private final long maxMetadataBytes;
    private final RateLimits limits;
    private final RateLimits anonymousLimits;
    private final GateEvents events;

    /** Starts the ids of calls that bring none. It is random, so the ids of two planes differ. */
    private final String requestIdPrefix = Long.toHexString(new SecureRandom().nextLong()) + "-";

    private final AtomicLong generatedIds = new AtomicLong();

    Admission(GateSettings settings, GateEvents events) {
        this.maxMetadataBytes = settings.maxMetadataBytes();
        this.limits = new RateLimits(settings.maxRequestsPerSecond(), System::nanoTime);
        this.anonymousLimits = new RateLimits(settings.maxAnonymousRequestsPerSecond(), System::nanoTime);
        this.events = events;
    }

    /** Returns null if the call brings no token. */
    BearerToken bearerToken(Metadata headers) {
        var value = headers.get(AUTHORIZATION);
        return value == null ? null : new BearerToken(value);
    }

    /**
     * Throws {@link PlaneException.InvalidArgument} if the metadata is larger than the gate's bound. The transport has
     * a larger bound of its own; it ends the connection then, without a status and without a record.
     */
    void checkMetadataSize(Metadata headers) {
        long size = 0;
        for (var bytes : InternalMetadata.serialize(headers)) {
            size += bytes.length + METADATA_OVERHEAD / 2;
        }
        if (size > maxMetadataBytes) {
            throw new PlaneException.InvalidArgument("metadata", "must be at most " + maxMetadataBytes + " bytes");
        }
    }

    /** The id that the caller sent if it is a valid identifier, otherwise a new one. */
    String requestId(Metadata headers) {
        var requestId = headers.get(REQUEST_ID);
        return requestId != null && Identifier.describeViolation(requestId).isEmpty()
                ? requestId
                : requestIdPrefix + generatedIds.incrementAndGet();
    }

    /** Throws {@link PlaneException.ResourceExhausted} if the caller makes too many requests per second. */
    void acquire(Principal principal) {
        var subject = principal.identity().subject();
        limits.acquire(subject.isEmpty() ? address(principal.connection()) : subject);
    }

    /** Throws {@link PlaneException.ResourceExhausted} if the address makes too many calls without an identity. */
    void acquireAnonymous(ClientConnection connection) {
        try {
            anonymousLimits.acquire(address(connection));
        } catch (PlaneException.ResourceExhausted tooMany) {
            events.decided("", GateEvents.Outcome.LIMITED);
            throw tooMany;
        }
    }

    private static String address(ClientConnection connection) {
        return connection.address().map(InetAddress::getHostAddress).orElse("");
    }

    void countLimited(Action action) {
        events.decided(action.label(), GateEvents.Outcome.LIMITED);
    }
}
