package io.pulseplane.gate;

import io.pulseplane.gate.GateEvents.Outcome;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.gate.audit.writing.AuditTrail;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.policy.PolicyDecision;
import io.pulseplane.gate.policy.PolicyInput;
import io.pulseplane.vitals.PlaneException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

/**
 * Asks the policy about requests, and writes every decision into the audit trail before the caller gets an answer.
 *
 * <p>Every method returns a stage. It completes normally if the request is permitted and its record is in the trail,
 * and fails with the exception for the caller otherwise. A decision out of the caches allocates an input and a record,
 * and nothing else.
 */
final class DecisionPoint {

    private static final String LOCAL_DESTINATION = "local";

    /** A stage that has completed already. Other permissions may complete later, when their record is written. */
    static final CompletionStage<Void> PERMITTED = AuditTrail.WRITTEN;

    private final InformationPoint informationPoint;
    private final Policy policy;
    private final AuditTrail audit;
    private final RepeatedIngest repeatedIngest;
    private final GateSettings settings;
    private final GateEvents events;
    private final LongSupplier clock;

    DecisionPoint(
            InformationPoint informationPoint,
            Policy policy,
            AuditTrail audit,
            RepeatedIngest repeatedIngest,
            GateSettings settings,
            GateEvents events,
            LongSupplier clock) {
        this.informationPoint = informationPoint;
        this.policy = policy;
        this.audit = audit;
        this.repeatedIngest = repeatedIngest;
        this.settings = settings;
        this.events = events;
        this.clock = clock;
    }

    /**
     * Decides on a request. If it names several patients, each of them gets a decision and a record, and all of them
     * must be permitted.
     */
    CompletionStage<Void> decide(Principal principal, AccessRequest request) {
        var patients = request.access().patients();
        if (patients.size() <= 1) {
            return decideOne(principal, request);
        }
        CompletionStage<Void> all = PERMITTED;
        for (var patient : patients) {
            all = all.thenCombine(decideOne(principal, request.forPatient(patient)), (_, _) -> null);
        }
        return all;
    }

    /**
     * A patient's token is void once the patient was erased, even if another person has the id now: only a token that
     * was issued after the erasure is that person's. Costs nothing for other callers. An rpc that needs no token does
     * not need a valid one either.
     */
    private CompletionStage<Void> decideOne(Principal principal, AccessRequest request) {
        var caller = principal.identity().patientId();
        if (caller.isEmpty() || request.action() == Action.DESCRIBE) {
            return decideOnAccess(principal, request);
        }
        var cached = informationPoint.cachedErasure(caller);
        if (cached != null) {
            return decideUnlessErased(principal, request, cached);
        }
        return informationPoint
                .loadErasure(caller)
                .handle((erasure, failure) -> failure == null
                        ? decideUnlessErased(principal, request, erasure)
                        : unavailable(principal, request, failure))
                .thenCompose(stage -> stage);
    }

    private CompletionStage<Void> decideUnlessErased(
            Principal principal, AccessRequest request, Optional<Long> erasure) {
        if (erasure.isPresent() && principal.identity().issuedUs() <= erasure.get()) {
            return refuse(
                    principal,
                    request,
                    "erased",
                    new PlaneException.Unauthenticated("the token is older than the erasure of its patient"));
        }
        return decideOnAccess(principal, request);
    }

    private CompletionStage<Void> decideOnAccess(Principal principal, AccessRequest request) {
        var context = informationPoint.cached(request.action(), request.access());
        if (context != null) {
            return evaluate(principal, request, context);
        }
        return informationPoint
                .load(request.action(), request.access())
                .handle((loaded, failure) -> failure == null
                        ? evaluate(principal, request, loaded)
                        : unavailable(principal, request, failure))
                .thenCompose(stage -> stage);
    }

    private CompletionStage<Void> evaluate(
            Principal principal, AccessRequest request, InformationPoint.DecisionContext context) {
        var input = new PolicyInput(
                request.action().label(),
                request.rpc(),
                principal.user(),
                context.patient(),
                context.hasConsent(),
                request.access().device(),
                context.deviceStatus(),
                principal.connection().isLocal(),
                LOCAL_DESTINATION,
                audit.isEnabled(),
                settings.nodeId());
        var cached = policy.cached(input);
        if (cached != null) {
            return conclude(principal, request, cached);
        }
        return policy.decide(input)
                .handle((decision, failure) -> failure == null
                        ? conclude(principal, request, decision)
                        : unavailable(principal, request, failure))
                .thenCompose(stage -> stage);
    }

    private CompletionStage<Void> conclude(Principal principal, AccessRequest request, PolicyDecision decision) {
        var action = request.action();
        if (!decision.isPermitted()) {
            return refuse(principal, request, String.join(",", decision.reasons()), decision.policyDigest());
        }
        if (settings.needsPatientClaim() && !writesForItsPatients(principal, request)) {
            return refuse(principal, request, "patient_not_claimed", decision.policyDigest());
        }
        events.decided(action.label(), Outcome.PERMITTED);
        if (action == Action.DESCRIBE) {
            return PERMITTED;
        }
        if (action == Action.INGEST) {
            informationPoint.addDevicePatient(
                    request.access().device(), request.access().patients().getFirst());
        }
        return append(
                record(principal, request, Decision.PERMITTED, request.access().reason(), decision.policyDigest()),
                request);
    }

    private static boolean writesForItsPatients(Principal principal, AccessRequest request) {
        return request.action() != Action.INGEST
                || principal.identity().writesFor().containsAll(request.access().patients());
    }

    private CompletionStage<Void> refuse(
            Principal principal, AccessRequest request, String reasons, String policyDigest) {
        return refuse(
                principal,
                request,
                reasons,
                policyDigest,
                new PlaneException.PermissionDenied("not permitted: " + reasons));
    }

    private CompletionStage<Void> append(AuditRecord record, AccessRequest request) {
        return request.action() == Action.INGEST ? repeatedIngest.append(record) : audit.append(record);
    }

    private CompletionStage<Void> unavailable(Principal principal, AccessRequest request, Throwable failure) {
        var cause = PlaneException.unwrap(failure);
        return refuse(principal, request, "unavailable", policy.digest(), cause);
    }

    /** Records a refusal. The stage fails with the cause once the record is written. */
    CompletionStage<Void> refuse(Principal principal, AccessRequest request, String reason, Throwable cause) {
        return refuse(principal, request, reason, policy.digest(), cause);
    }

    private CompletionStage<Void> refuse(
            Principal principal, AccessRequest request, String reason, String policyDigest, Throwable cause) {
        events.decided(request.action() == null ? "" : request.action().label(), outcome(cause));
        return append(record(principal, request, Decision.REFUSED, reason, policyDigest), request)
                .thenCompose(_ -> CompletableFuture.failedStage(cause));
    }

    static Outcome outcome(Throwable cause) {
        return switch (cause) {
            case PlaneException.Unauthenticated _ -> Outcome.UNAUTHENTICATED;
            case PlaneException.PermissionDenied _ -> Outcome.REFUSED;
            case PlaneException.InvalidArgument _ -> Outcome.MALFORMED;
            case PlaneException.ResourceExhausted _ -> Outcome.LIMITED;
            default -> Outcome.UNAVAILABLE;
        };
    }

    private AuditRecord record(
            Principal principal, AccessRequest request, Decision decision, String reason, String policyDigest) {
        var access = request.access();
        List<String> patients = access.patients();
        return new AuditRecord(
                clock.getAsLong(),
                principal.identity().subject(),
                principal.rolesText(),
                principal.identity().tenant(),
                request.action() == null ? "" : request.action().label(),
                request.rpc(),
                patients.isEmpty() ? "" : patients.getFirst(),
                access.device(),
                access.codes(),
                decision,
                reason,
                policyDigest,
                principal.connection().auditText(),
                principal.requestId());
    }
}
