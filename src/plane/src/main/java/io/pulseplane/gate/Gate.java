package io.pulseplane.gate;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.pulseplane.gate.audit.AuditTrail;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.token.Authenticator;
import io.pulseplane.store.ChangeListener;
import io.pulseplane.store.Consent;
import io.pulseplane.store.Device;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.PlaneException;
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
     * @param statuses what the caller hears of a problem
     * @param callExecutor the executor of the call that is being started
     * @param clock the clock, in microseconds since the epoch
     */
    public record Parts(
            Authenticator authenticator,
            Policy policy,
            AuditTrail audit,
            Store store,
            AccessRule.Rulebook rules,
            Function<Throwable, StatusRuntimeException> statuses,
            Supplier<Executor> callExecutor,
            GateEvents events,
            LongSupplier clock) {}

    /**
     * HTTP/2 holds a client to its number of calls only once it has acknowledged that number, and one that means harm
     * does not. Twice the number, for calls that are over for their client may not be yet for the plane.
     */
    private static final long EXCESS_CALL_FACTOR = 2;

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final Parts parts;
    private final ChangeListener changes;
    private final GateSettings settings;
    private final InformationPoint informationPoint;
    private final DecisionPoint decisionPoint;
    private final Admission admission;
    private final CallContext context;
    private final RunningCalls runningCalls = new RunningCalls();

    /** @param changes told of what is changed in the {@link #registry} before the change is answered */
    public Gate(Parts parts, Site site, ChangeListener changes, GateSettings settings) {
        this.parts = parts;
        this.changes = changes;
        this.settings = settings;
        this.informationPoint = new InformationPoint(parts.store(), site, parts.clock());
        this.decisionPoint = new DecisionPoint(
                informationPoint, parts.policy(), parts.audit(), settings.nodeId(), parts.events(), parts.clock());
        this.admission = new Admission(settings, parts.events());
        var terms = new GrantTerms(
                informationPoint, site, parts.policy(), runningCalls, settings, parts.events(), parts.clock());
        this.context = new CallContext(parts.authenticator(), admission, decisionPoint, terms, parts.statuses());
    }

    /** The registry, such that the gate decides by every change of it from the moment the change is answered. */
    public Registry registry() {
        return new NotifyingRegistry(parts.store().registry(), this);
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        var peer = connectionOf(call);
        if (peer.openCalls().incrementAndGet() > EXCESS_CALL_FACTOR * settings.maxCallsPerConnection()) {
            return refuseExcessCall(call, peer);
        }
        var rule = parts.rules().find(call.getMethodDescriptor());
        if (rule.isEmpty()) {
            return refuseUnknownRpc(call, peer, headers);
        }
        var gated = new GatedCall<>(context, rule.get(), parts.callExecutor().get(), peer, call);
        gated.start(headers, next);
        return gated;
    }

    /** Of a client that does not keep to what HTTP/2 told it. */
    private <Q, R> ServerCall.Listener<Q> refuseExcessCall(ServerCall<Q, R> call, ClientConnection peer) {
        parts.events().decided("", GateEvents.Outcome.LIMITED);
        close(call, new PlaneException.ResourceExhausted("too many calls on this connection", RETRY_AFTER));
        return new RefusedCall<>(peer);
    }

    private <Q, R> ServerCall.Listener<Q> refuseUnknownRpc(
            ServerCall<Q, R> call, ClientConnection peer, Metadata headers) {
        var here = parts.callExecutor().get();
        var asked = new AccessRequest(null, call.getMethodDescriptor().getFullMethodName(), Access.OF_NO_PATIENT);
        decisionPoint
                .refuse(
                        Principal.anonymous(peer, admission.requestId(headers)),
                        asked,
                        "no_rule",
                        new PlaneException.PermissionDenied("not permitted: no_rule"))
                .whenComplete((_, failure) -> here.execute(() -> close(call, PlaneException.unwrap(failure))));
        return new RefusedCall<>(peer);
    }

    private void close(ServerCall<?, ?> call, Throwable problem) {
        var refusal = parts.statuses().apply(problem);
        call.close(refusal.getStatus(), refusal.getTrailers());
    }

    /** All there is to hear of a call that was refused as it came: that it is over. */
    private static final class RefusedCall<Q> extends ServerCall.Listener<Q> {

        private final ClientConnection peer;

        RefusedCall(ClientConnection peer) {
            this.peer = peer;
        }

        @Override
        public void onCancel() {
            peer.openCalls().decrementAndGet();
        }

        @Override
        public void onComplete() {
            peer.openCalls().decrementAndGet();
        }
    }

    private static ClientConnection connectionOf(ServerCall<?, ?> call) {
        var peer = call.getAttributes().get(ClientConnection.KEY);
        return peer == null ? ClientConnection.unknown() : peer;
    }

    void onLocalChange(Consent consent) {
        informationPoint.update(consent);
        changes.consentChanged(consent.patient());
        runningCalls.recheck(consent.patient());
    }

    /** Who reads of this patient stops; who asks for a device's readings does not ask for this patient's any more. */
    void onLocalErasure(String patient) {
        informationPoint.removePatient(patient);
        changes.patientErased(patient);
        runningCalls.recheck(patient);
    }

    void onLocalChange(Device device) {
        informationPoint.update(device);
        changes.deviceChanged(device.id());
    }

    /** Another plane has recorded a consent of this patient. */
    public void onRemoteConsentChange(String patient) {
        informationPoint.invalidateConsent(patient);
        runningCalls.recheck(patient);
    }

    /** Another plane has changed this device. */
    public void onRemoteDeviceChange(String device) {
        informationPoint.invalidateDevice(device);
    }

    /** Another plane has stored readings that this device measured of this patient. */
    public void onRemoteReadings(String device, String patient) {
        informationPoint.addDevicePatient(device, patient);
    }

    /** What was heard from other planes may not be all: whoever is being answered is asked after again. */
    public void recheckRunningCalls() {
        runningCalls.recheckAll();
    }

    @Override
    public void close() {
        runningCalls.close();
    }
}
