package io.pulseplane.gate;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.pulseplane.gate.audit.writing.AuditTrail;
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
 * The interceptor that every call of every service passes. Before an endpoint sees a request, the gate has identified
 * the caller, the policy has permitted the request, and the audit trail has the record. If one of these fails, the gate
 * refuses the request.
 */
public final class Gate implements ServerInterceptor, AutoCloseable {

    /**
     * The parts that a gate is made of.
     *
     * @param statuses translates a failure into the status for the caller
     * @param callExecutor gives the executor of the call that is being started
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
     * The gate counts calls itself, because HTTP/2 limits a client only once the client has acknowledged the limit, and
     * a hostile client does not. It allows twice the limit, because a call that is over for its client may not be over
     * for the plane yet.
     */
    private static final long EXCESS_CALL_FACTOR = 2;

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final Parts parts;
    private final ChangeListener changes;
    private final GateSettings settings;
    private final InformationPoint informationPoint;
    private final RepeatedIngest repeatedIngest;
    private final DecisionPoint decisionPoint;
    private final Admission admission;
    private final CallContext context;
    private final RunningCalls runningCalls = new RunningCalls(this::recheckAfterGlobalChange);

    /** As of the last sweep; the sweep's thread uses them. */
    private String lastPolicyDigest;

    private boolean wasAuditHealthy = true;

    /** @param changes is called for every change of the {@link #registry}, before the change is answered */
    public Gate(Parts parts, Site site, ChangeListener changes, GateSettings settings) {
        this.parts = parts;
        this.changes = changes;
        this.settings = settings;
        this.informationPoint = new InformationPoint(parts.store(), site, parts.clock(), runningCalls::recheckDevice);
        this.repeatedIngest = new RepeatedIngest(parts.audit());
        this.decisionPoint = new DecisionPoint(
                informationPoint,
                parts.policy(),
                parts.audit(),
                repeatedIngest,
                settings,
                parts.events(),
                parts.clock());
        this.admission = new Admission(settings, parts.events());
        var grantTerms = new GrantTerms(
                informationPoint, site, parts.policy(), runningCalls, settings, parts.events(), parts.clock());
        this.lastPolicyDigest = parts.policy().digest();
        this.context = new CallContext(parts.authenticator(), admission, decisionPoint, grantTerms, parts.statuses());
    }

    /** The registry. The gate decides by every change of it from the moment the change is answered. */
    public Registry registry() {
        return new NotifyingRegistry(parts.store().registry(), this);
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        var connection = connectionOf(call);
        if (connection.openCalls().incrementAndGet() > EXCESS_CALL_FACTOR * settings.maxCallsPerConnection()) {
            return refuseExcessCall(call, connection);
        }
        var rule = parts.rules().find(call.getMethodDescriptor());
        if (rule.isEmpty()) {
            return refuseUnknownRpc(call, connection, headers);
        }
        var gated = new GatedCall<>(context, rule.get(), parts.callExecutor().get(), connection, call);
        gated.start(headers, next);
        return gated;
    }

    /** Refuses a call of a client that ignores the limit which HTTP/2 announced to it. */
    private <Q, R> ServerCall.Listener<Q> refuseExcessCall(ServerCall<Q, R> call, ClientConnection connection) {
        parts.events().decided("", GateEvents.Outcome.LIMITED);
        close(call, new PlaneException.ResourceExhausted("too many calls on this connection", RETRY_AFTER));
        return new RefusedCall<>(connection);
    }

    private <Q, R> ServerCall.Listener<Q> refuseUnknownRpc(
            ServerCall<Q, R> call, ClientConnection connection, Metadata headers) {
        var executor = parts.callExecutor().get();
        var request = new AccessRequest(null, call.getMethodDescriptor().getFullMethodName(), Access.OF_NO_PATIENT);
        decisionPoint
                .refuse(
                        Principal.anonymous(connection, admission.requestId(headers)),
                        request,
                        "no_rule",
                        new PlaneException.PermissionDenied("not permitted: no_rule"))
                .whenComplete((_, failure) -> executor.execute(() -> close(call, PlaneException.unwrap(failure))));
        return new RefusedCall<>(connection);
    }

    private void close(ServerCall<?, ?> call, Throwable failure) {
        var refusal = parts.statuses().apply(failure);
        call.close(refusal.getStatus(), refusal.getTrailers());
    }

    /** Listens to a call that was refused at once, to count it as closed when it is over. */
    private static final class RefusedCall<Q> extends ServerCall.Listener<Q> {

        private final ClientConnection connection;

        RefusedCall(ClientConnection connection) {
            this.connection = connection;
        }

        @Override
        public void onCancel() {
            connection.openCalls().decrementAndGet();
        }

        @Override
        public void onComplete() {
            connection.openCalls().decrementAndGet();
        }
    }

    private static ClientConnection connectionOf(ServerCall<?, ?> call) {
        var connection = call.getAttributes().get(ClientConnection.KEY);
        return connection == null ? ClientConnection.unknown() : connection;
    }

    void onLocalChange(Consent consent) {
        informationPoint.update(consent);
        changes.consentChanged(consent.patient());
        runningCalls.recheckPatient(consent.patient());
    }

    /** Ends the calls that read this patient's readings. Queries for a device no longer concern this patient. */
    void onLocalErasure(String patient) {
        informationPoint.removePatient(patient);
        changes.patientErased(patient);
        runningCalls.recheckPatient(patient);
    }

    /** Another plane has erased this patient. */
    public void onRemoteErasure(String patient) {
        informationPoint.removePatient(patient);
        runningCalls.recheckPatient(patient);
    }

    /** A device was put on this patient, or taken off. */
    void onLocalAssignment(String patient) {
        changes.assignmentChanged(patient);
    }

    void onLocalChange(Device device) {
        informationPoint.update(device);
        changes.deviceChanged(device.id());
    }

    /** Another plane has recorded a consent of this patient. */
    public void onRemoteConsentChange(String patient) {
        informationPoint.invalidateConsent(patient);
        runningCalls.recheckPatient(patient);
    }

    /** Another plane has changed this device. */
    public void onRemoteDeviceChange(String device) {
        informationPoint.invalidateDevice(device);
    }

    /** Another plane has stored readings that this device measured of this patient. */
    public void onRemoteReadings(String device, String patient) {
        informationPoint.addDevicePatient(device, patient);
    }

    /** Decides on everything anew, because the store went back to an earlier state. */
    public void onStoreWentBack() {
        informationPoint.clear();
        runningCalls.recheckAll();
    }

    /** Decides again on all running calls when the policy was replaced, or when the audit trail has failed. */
    private void recheckAfterGlobalChange() {
        var digest = parts.policy().digest();
        boolean isAuditHealthy = parts.audit().isHealthy();
        boolean hasChanged = !digest.equals(lastPolicyDigest) || (wasAuditHealthy && !isAuditHealthy);
        lastPolicyDigest = digest;
        wasAuditHealthy = isAuditHealthy;
        if (hasChanged) {
            runningCalls.recheckAll();
        }
    }

    /** Decides again on all running calls, because messages of other planes may have been lost. */
    public void recheckRunningCalls() {
        runningCalls.recheckAll();
    }

    @Override
    public void close() {
        runningCalls.close();
        repeatedIngest.close();
    }
}
