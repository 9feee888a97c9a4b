package io.pulseplane.gate;

import io.pulseplane.gate.GateEvents.Outcome;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.AuditTrail;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.policy.PolicyDecision;
import io.pulseplane.gate.policy.PolicyInput;
import io.pulseplane.vitals.PlaneException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

/**
 * Decides on requests, and has every decision written down before anybody acts on it.
 *
 * <p>Answers are stages that end well where the request is permitted and its record may be relied on, and fail with what
 * the caller is to be told where not. A warm decision makes an input, a record, and nothing else.
 */
final class DecisionPoint {

    private static final String LOCAL_DESTINATION = "local";

    /** Done; nothing else that is handed out need be. */
    static final CompletionStage<Void> PERMITTED = AuditTrail.WRITTEN;

    private final InformationPoint informationPoint;
    private final Policy policy;
    private final AuditTrail audit;
    private final String nodeId;
    private final GateEvents events;
    private final LongSupplier clock;

    DecisionPoint(
            InformationPoint facts, Policy policy, AuditTrail audit, String node, GateEvents events, LongSupplier now) {
        this.informationPoint = facts;
        this.policy = policy;
        this.audit = audit;
        this.nodeId = node;
        this.events = events;
        this.clock = now;
    }

    /** Whether all of it may be done; a request that names several patients is decided on, and recorded, for each. */
    CompletionStage<Void> decide(Principal who, AccessRequest asked) {
        var patients = asked.access().patients();
        if (patients.size() <= 1) {
            return decideOne(who, asked);
        }
        CompletionStage<Void> all = PERMITTED;
        for (var patient : patients) {
            all = all.thenCombine(decideOne(who, asked.forPatient(patient)), (_, _) -> null);
        }
        return all;
    }

    private CompletionStage<Void> decideOne(Principal who, AccessRequest asked) {
        var known = informationPoint.cached(asked.action(), asked.access());
        if (known != null) {
            return evaluate(who, asked, known);
        }
        return informationPoint
                .load(asked.action(), asked.access())
                .handle((found, failure) ->
                        failure == null ? evaluate(who, asked, found) : unavailable(who, asked, failure))
                .thenCompose(stage -> stage);
    }

    private CompletionStage<Void> evaluate(Principal who, AccessRequest asked, InformationPoint.DecisionContext known) {
        var input = new PolicyInput(
                asked.action().label(),
                asked.rpc(),
                who.user(),
                known.patient(),
                known.hasConsent(),
                asked.access().device(),
                known.deviceStatus(),
                who.connection().isLocal(),
                LOCAL_DESTINATION,
                audit.isEnabled(),
                nodeId);
        var verdict = policy.cached(input);
        if (verdict != null) {
            return conclude(who, asked, verdict);
        }
        return policy.decide(input)
                .handle((fresh, failure) ->
                        failure == null ? conclude(who, asked, fresh) : unavailable(who, asked, failure))
                .thenCompose(stage -> stage);
    }

    private CompletionStage<Void> conclude(Principal who, AccessRequest asked, PolicyDecision verdict) {
        var action = asked.action();
        if (!verdict.isPermitted()) {
            var reasons = String.join(",", verdict.reasons());
            return refuse(
                    who,
                    asked,
                    reasons,
                    verdict.policyDigest(),
                    new PlaneException.PermissionDenied("not permitted: " + reasons));
        }
        events.decided(action.label(), Outcome.PERMITTED);
        if (action == Action.DESCRIBE) {
            return PERMITTED;
        }
        if (action == Action.INGEST) {
            informationPoint.addDevicePatient(
                    asked.access().device(), asked.access().patients().getFirst());
        }
        return audit.append(
                record(who, asked, Decision.PERMITTED, asked.access().reason(), verdict.policyDigest()));
    }

    private CompletionStage<Void> unavailable(Principal who, AccessRequest asked, Throwable failure) {
        var cause = PlaneException.unwrap(failure);
        return refuse(who, asked, "unavailable", policy.digest(), cause);
    }

    /** Fails with the problem, once it has been written down. */
    CompletionStage<Void> refuse(Principal who, AccessRequest asked, String reason, Throwable problem) {
        return refuse(who, asked, reason, policy.digest(), problem);
    }

    private CompletionStage<Void> refuse(
            Principal who, AccessRequest asked, String reason, String policyDigest, Throwable problem) {
        events.decided(asked.action() == null ? "" : asked.action().label(), outcome(problem));
        return audit.append(record(who, asked, Decision.REFUSED, reason, policyDigest))
                .thenCompose(_ -> CompletableFuture.failedStage(problem));
    }

    static Outcome outcome(Throwable problem) {
        return switch (problem) {
            case PlaneException.Unauthenticated _ -> Outcome.UNAUTHENTICATED;
            case PlaneException.PermissionDenied _ -> Outcome.REFUSED;
            case PlaneException.InvalidArgument _ -> Outcome.MALFORMED;
            case PlaneException.ResourceExhausted _ -> Outcome.LIMITED;
            default -> Outcome.UNAVAILABLE;
        };
    }

    private AuditRecord record(
            Principal who, AccessRequest asked, Decision decision, String reason, String policyDigest) {
        var access = asked.access();
        List<String> patients = access.patients();
        return new AuditRecord(
                clock.getAsLong(),
                who.identity().subject(),
                who.rolesText(),
                who.identity().tenant(),
                asked.action() == null ? "" : asked.action().label(),
                asked.rpc(),
                patients.isEmpty() ? "" : patients.getFirst(),
                access.device(),
                access.codes(),
                decision,
                reason,
                policyDigest,
                who.connection().auditText(),
                who.requestId());
    }
}
