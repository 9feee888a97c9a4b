package io.pulseplane.gate;

import io.grpc.InternalMetadata;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.pulseplane.gate.audit.AuditLog;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.token.Authenticator;
import io.pulseplane.gate.token.BearerToken;
import io.pulseplane.gate.token.Identity;
import io.pulseplane.store.ChangeListener;
import io.pulseplane.store.Consent;
import io.pulseplane.store.Device;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Identifier;
import io.pulseplane.vitals.Problem;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The one way in. Every call passes it: it is known who calls, the policy permits every request, and that was written
 * down, before an endpoint sees it. Where one of these cannot be had, the answer is no.
 */
public final class Gate implements ServerInterceptor, AutoCloseable {

    /**
     * What a gate is made of.
     *
     * @param refusals what the caller hears of a problem
     * @param executors the executor of the call that is being started
     * @param now the clock, in microseconds since the epoch
     */
    public record Parts(
            Authenticator authenticator,
            Policy policy,
            AuditLog audit,
            Store store,
            Rule.Book rules,
            Function<Throwable, StatusRuntimeException> refusals,
            Supplier<Executor> executors,
            GateEvents events,
            LongSupplier now) {}

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

    /**
     * HTTP/2 holds a client to its number of calls only once it has acknowledged that number, and one that means harm
     * does not. Twice the number, for calls that are over for their client may not be yet for the plane.
     */
    private static final long SLACK = 2;

    private static final Duration RETRY = Duration.ofSeconds(1);

    private static final Metadata.Key<String> REQUEST_ID =
            Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER);

    private final Parts parts;
    private final Site site;
    private final ChangeListener changes;
    private final GateSettings settings;
    private final long skewUs;
    private final long recordStandsUs;
    private final Facts facts;
    private final Judge judge;
    private final RateLimits limits;
    private final RateLimits strangers;
    private final RunningCalls running = new RunningCalls();

    /** Ids of calls that bring none: unique on this plane, and with a start nobody else has. */
    private final String run = Long.toHexString(new SecureRandom().nextLong()) + "-";

    private final AtomicLong calls = new AtomicLong();

    /** @param changes told of what is changed in the {@link #registry} before the change is answered */
    public Gate(Parts parts, Site site, ChangeListener changes, GateSettings settings) {
        this.parts = parts;
        this.site = site;
        this.changes = changes;
        this.settings = settings;
        this.skewUs = TimeUnit.NANOSECONDS.toMicros(settings.clockSkew().toNanos());
        this.recordStandsUs =
                TimeUnit.NANOSECONDS.toMicros(settings.recordStands().toNanos());
        this.facts = new Facts(parts.store(), site, parts.now());
        this.judge = new Judge(facts, parts.policy(), parts.audit(), settings.node(), parts.events(), parts.now());
        this.limits = new RateLimits(settings.maxRequestsPerSecond(), System::nanoTime);
        this.strangers = new RateLimits(settings.maxStrangersPerSecond(), System::nanoTime);
    }

    /** The registry, such that the gate decides by every change of it from the moment the change is answered. */
    public Registry registry() {
        return new GuardedRegistry(parts.store().registry(), this);
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        var peer = peer(call);
        if (peer.calls().incrementAndGet() > SLACK * settings.maxCallsPerConnection()) {
            return refuseMore(call, peer);
        }
        var rule = parts.rules().of(call.getMethodDescriptor());
        if (rule.isEmpty()) {
            return refuseAll(call, peer, headers);
        }
        var gated = new GatedCall<>(this, rule.get(), parts.executors().get(), peer, call);
        gated.start(headers, next);
        return gated;
    }

    /** Of a client that does not keep to what HTTP/2 told it. */
    private <Q, R> ServerCall.Listener<Q> refuseMore(ServerCall<Q, R> call, Peer peer) {
        parts.events().decided("", GateEvents.Outcome.LIMITED);
        close(call, new Problem.Exhausted("too many calls on this connection", RETRY));
        return new Leaving<>(peer);
    }

    private <Q, R> ServerCall.Listener<Q> refuseAll(ServerCall<Q, R> call, Peer peer, Metadata headers) {
        var here = parts.executors().get();
        var asked = new Asked(null, call.getMethodDescriptor().getFullMethodName(), Access.GENERAL);
        judge.refuse(
                        Principal.stranger(peer, requestId(headers)),
                        asked,
                        "no_rule",
                        new Problem.Refused("not permitted: no_rule"))
                .whenComplete((_, failure) ->
                        here.execute(() -> close(call, failure.getCause() == null ? failure : failure.getCause())));
        return new Leaving<>(peer);
    }

    private void close(ServerCall<?, ?> call, Throwable problem) {
        var refusal = refusal(problem);
        call.close(refusal.getStatus(), refusal.getTrailers());
    }

    /** All there is to hear of a call that was refused as it came: that it is over. */
    private static final class Leaving<Q> extends ServerCall.Listener<Q> {

        private final Peer peer;

        Leaving(Peer peer) {
            this.peer = peer;
        }

        @Override
        public void onCancel() {
            peer.calls().decrementAndGet();
        }

        @Override
        public void onComplete() {
            peer.calls().decrementAndGet();
        }
    }

    private static Peer peer(ServerCall<?, ?> call) {
        var peer = call.getAttributes().get(Peer.KEY);
        return peer == null ? Peer.unknown() : peer;
    }

    BearerToken token(Metadata headers) {
        var value = headers.get(AUTHORIZATION);
        return value == null ? null : new BearerToken(value);
    }

    /**
     * Throws {@link Problem.Invalid} if the caller says more than the gate listens to. The transport has read it by then:
     * it ends far greater ones, and whole connections with them, but says and writes down nothing.
     */
    void measure(Metadata headers) {
        long size = 0;
        for (var bytes : InternalMetadata.serialize(headers)) {
            size += bytes.length + METADATA_OVERHEAD / 2;
        }
        if (size > settings.maxMetadataBytes()) {
            throw new Problem.Invalid("metadata", "must be at most " + settings.maxMetadataBytes() + " bytes");
        }
    }

    /** The caller's own if it is fit to be written down. */
    String requestId(Metadata headers) {
        var given = headers.get(REQUEST_ID);
        return given != null && Identifier.fault(given).isEmpty() ? given : run + calls.incrementAndGet();
    }

    /** Throws {@link Problem.Exhausted} if who calls has asked too often. */
    void take(Principal who) {
        var subject = who.identity().subject();
        limits.take(subject.isEmpty() ? address(who.peer()) : subject);
    }

    void takeStranger(Peer peer) {
        try {
            strangers.take(address(peer));
        } catch (Problem.Exhausted tooMany) {
            parts.events().decided("", GateEvents.Outcome.LIMITED);
            throw tooMany;
        }
    }

    private static String address(Peer peer) {
        return peer.address().map(InetAddress::getHostAddress).orElse("");
    }

    void limited(Action action) {
        parts.events().decided(action.word(), GateEvents.Outcome.LIMITED);
    }

    void ended() {
        parts.events().ended();
    }

    /** What decisions are made by now. */
    Repeats.Basis basis() {
        return new Repeats.Basis(facts.changes(), site.epoch(), parts.policy().digest());
    }

    /** Until when a permit may stand for requests that repeat it, in microseconds since the epoch. */
    long standsUntil(Access access) {
        long until = now() + recordStandsUs;
        for (var patient : access.patients()) {
            until = Math.min(until, facts.end(patient));
        }
        return until;
    }

    /** When the caller has to say again who they are, in microseconds since the epoch. */
    long expiry(Identity identity) {
        return identity.expiresUs() == Long.MAX_VALUE ? Long.MAX_VALUE : identity.expiresUs() + skewUs;
    }

    void changed(Consent consent) {
        facts.changed(consent);
        changes.consentChanged(consent.patient());
        running.recheck(consent.patient());
    }

    /** Who reads of this patient stops; who asks for a device's readings does not ask for this patient's any more. */
    void erased(String patient) {
        facts.erased(patient);
        changes.patientErased(patient);
        running.recheck(patient);
    }

    void changed(Device device) {
        facts.changed(device);
        changes.deviceChanged(device.id());
    }

    /** Another plane has recorded a consent of this patient. */
    public void consentChanged(String patient) {
        facts.consentChanged(patient);
        running.recheck(patient);
    }

    /** Another plane has changed this device. */
    public void deviceChanged(String device) {
        facts.deviceChanged(device);
    }

    /** Another plane has stored readings that this device measured of this patient. */
    public void stored(String device, String patient) {
        facts.note(device, patient);
    }

    /** What was heard from other planes may not be all: whoever is being answered is asked after again. */
    public void doubt() {
        running.recheckAll();
    }

    Authenticator authenticator() {
        return parts.authenticator();
    }

    Judge judge() {
        return judge;
    }

    Facts facts() {
        return facts;
    }

    RunningCalls running() {
        return running;
    }

    StatusRuntimeException refusal(Throwable problem) {
        return parts.refusals().apply(problem);
    }

    long now() {
        return parts.now().getAsLong();
    }

    @Override
    public void close() {
        running.close();
    }
}
