package io.pulseplane.gate;

import io.grpc.InternalMetadata;
import io.grpc.Metadata;
import io.pulseplane.gate.token.BearerToken;
import io.pulseplane.vitals.Identifier;
import io.pulseplane.vitals.PlaneException;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicLong;

/** What is checked of a call beside who calls and what they ask for: the size of its metadata, and how often they call. */
final class Admission {

    /** Read as bytes: a text of every token, of every call, would be most of what the gate leaves to the collector. */
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

    /** What RFC 9113 (6.5.2) adds for each name and its value, so that many small ones are not free. */
    private static final int METADATA_OVERHEAD = 32;

    private static final Metadata.Key<String> REQUEST_ID =
            Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER);

    private final long maxMetadataBytes;
    private final RateLimits limits;
    private final RateLimits anonymousLimits;
    private final GateEvents events;

    /** Ids of calls that bring none: unique on this plane, and with a start nobody else has. */
    private final String requestIdPrefix = Long.toHexString(new SecureRandom().nextLong()) + "-";

    private final AtomicLong calls = new AtomicLong();

    Admission(GateSettings settings, GateEvents events) {
        this.maxMetadataBytes = settings.maxMetadataBytes();
        this.limits = new RateLimits(settings.maxRequestsPerSecond(), System::nanoTime);
        this.anonymousLimits = new RateLimits(settings.maxAnonymousRequestsPerSecond(), System::nanoTime);
        this.events = events;
    }

    /** Null if the call brings none. */
    BearerToken bearerToken(Metadata headers) {
        var value = headers.get(AUTHORIZATION);
        return value == null ? null : new BearerToken(value);
    }

    /**
     * Throws {@link PlaneException.InvalidArgument} if the metadata is larger than the gate's bound. The transport has read it by then: it
     * ends far greater ones, and whole connections with them, but says and writes down nothing.
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

    /** The caller's own if it is fit to be written down. */
    String requestId(Metadata headers) {
        var given = headers.get(REQUEST_ID);
        return given != null && Identifier.describeViolation(given).isEmpty()
                ? given
                : requestIdPrefix + calls.incrementAndGet();
    }

    /** Throws {@link PlaneException.ResourceExhausted} if the caller has made too many requests. */
    void acquire(Principal caller) {
        var subject = caller.identity().subject();
        limits.acquire(subject.isEmpty() ? address(caller.connection()) : subject);
    }

    /** Throws {@link PlaneException.ResourceExhausted} if too many calls without an identity came from this address. */
    void acquireAnonymous(ClientConnection peer) {
        try {
            anonymousLimits.acquire(address(peer));
        } catch (PlaneException.ResourceExhausted tooMany) {
            events.decided("", GateEvents.Outcome.LIMITED);
            throw tooMany;
        }
    }

    private static String address(ClientConnection peer) {
        return peer.address().map(InetAddress::getHostAddress).orElse("");
    }

    void countLimited(Action action) {
        events.decided(action.label(), GateEvents.Outcome.LIMITED);
    }
}
