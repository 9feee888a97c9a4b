package io.pulseplane.gate;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.pulseplane.gate.audit.AuditLog;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.token.Authenticator;
import io.pulseplane.store.ChangeListener;
import io.pulseplane.store.Consent;
import io.pulseplane.store.Device;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Problem;
import java.time.Duration;
import java.util.concurrent.Executor;
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

    /**
     * HTTP/2 holds a client to its number of calls only once it has acknowledged that number, and one that means harm
     * does not. Twice the number, for calls that are over for their client may not be yet for the plane.
     */
    private static final long SLACK = 2;

    private static final Duration RETRY = Duration.ofSeconds(1);

    private final Parts parts;
    private final ChangeListener changes;
    private final GateSettings settings;
    private final Facts facts;
    private final Judge judge;
    private final Admission admission;
    private final CallContext context;
    private final RunningCalls running = new RunningCalls();

    /** @param changes told of what is changed in the {@link #registry} before the change is answered */
    public Gate(Parts parts, Site site, ChangeListener changes, GateSettings settings) {
        this.parts = parts;
        this.changes = changes;
        this.settings = settings;
        this.facts = new Facts(parts.store(), site, parts.now());
        this.judge = new Judge(facts, parts.policy(), parts.audit(), settings.node(), parts.events(), parts.now());
        this.admission = new Admission(settings, parts.events());
        var terms = new GrantTerms(facts, site, parts.policy(), running, settings, parts.events(), parts.now());
        this.context = new CallContext(parts.authenticator(), admission, judge, terms, parts.refusals());
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
        var gated = new GatedCall<>(context, rule.get(), parts.executors().get(), peer, call);
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
                        Principal.stranger(peer, admission.requestId(headers)),
                        asked,
                        "no_rule",
                        new Problem.Refused("not permitted: no_rule"))
                .whenComplete((_, failure) -> here.execute(() -> close(call, Problem.unwrap(failure))));
        return new Leaving<>(peer);
    }

    private void close(ServerCall<?, ?> call, Throwable problem) {
        var refusal = parts.refusals().apply(problem);
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

    @Override
    public void close() {
        running.close();
    }
}
