package io.pulseplane.gate;

import io.pulseplane.gate.GateEvents.Outcome;
import io.pulseplane.gate.audit.AuditLog;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.policy.PolicyInput;
import io.pulseplane.gate.policy.Verdict;
import io.pulseplane.vitals.Problem;
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
final class Judge {

    private static final String LOCAL = "local";

    /** Done; nothing else that is handed out need be. */
    static final CompletionStage<Void> PERMITTED = AuditLog.WRITTEN;

    private final Facts facts;
    private final Policy policy;
    private final AuditLog audit;
    private final String node;
    private final GateEvents events;
    private final LongSupplier now;

    Judge(Facts facts, Policy policy, AuditLog audit, String node, GateEvents events, LongSupplier now) {
        this.facts = facts;
        this.policy = policy;
        this.audit = audit;
        this.node = node;
        this.events = events;
        this.now = now;
    }

    /** Whether all of it may be done; a request that names several patients is decided on, and recorded, for each. */
    CompletionStage<Void> decide(Principal who, Asked asked) {
        var patients = asked.access().patients();
        if (patients.size() <= 1) {
            return decideOne(who, asked);
        }
        CompletionStage<Void> all = PERMITTED;
        for (var patient : patients) {
            all = all.thenCombine(decideOne(who, asked.of(patient)), (_, _) -> null);
        }
        return all;
    }

    private CompletionStage<Void> decideOne(Principal who, Asked asked) {
        var known = facts.now(asked.action(), asked.access());
        if (known != null) {
            return ask(who, asked, known);
        }
        return facts.ask(asked.action(), asked.access())
                .handle((found, failure) -> failure == null ? ask(who, asked, found) : unavailable(who, asked, failure))
                .thenCompose(stage -> stage);
    }

    private CompletionStage<Void> ask(Principal who, Asked asked, Facts.Known known) {
        var input = new PolicyInput(
                asked.action().word(),
                asked.rpc(),
                who.user(),
                known.patient(),
                known.consent(),
                asked.access().device(),
                known.deviceStatus(),
                who.peer().local(),
                LOCAL,
                audit.enabled(),
                node);
        var verdict = policy.cached(input);
        if (verdict != null) {
            return conclude(who, asked, verdict);
        }
        return policy.decide(input)
                .handle((fresh, failure) ->
                        failure == null ? conclude(who, asked, fresh) : unavailable(who, asked, failure))
                .thenCompose(stage -> stage);
    }

    private CompletionStage<Void> conclude(Principal who, Asked asked, Verdict verdict) {
        var action = asked.action();
        if (!verdict.permitted()) {
            var reasons = String.join(",", verdict.reasons());
            return refuse(
                    who, asked, reasons, verdict.policyDigest(), new Problem.Refused("not permitted: " + reasons));
        }
        events.decided(action.word(), Outcome.PERMITTED);
        if (action == Action.DESCRIBE) {
            return PERMITTED;
        }
        if (action == Action.INGEST) {
            facts.note(asked.access().device(), asked.access().patients().getFirst());
        }
        return audit.append(
                record(who, asked, Decision.PERMITTED, asked.access().reason(), verdict.policyDigest()));
    }

    private CompletionStage<Void> unavailable(Principal who, Asked asked, Throwable failure) {
        var cause = Problem.unwrap(failure);
        return refuse(who, asked, "unavailable", policy.digest(), cause);
    }

    /** Fails with the problem, once it has been written down. */
    CompletionStage<Void> refuse(Principal who, Asked asked, String reason, Throwable problem) {
        return refuse(who, asked, reason, policy.digest(), problem);
    }

    private CompletionStage<Void> refuse(
            Principal who, Asked asked, String reason, String policyDigest, Throwable problem) {
        events.decided(asked.action() == null ? "" : asked.action().word(), outcome(problem));
        return audit.append(record(who, asked, Decision.REFUSED, reason, policyDigest))
                .thenCompose(_ -> CompletableFuture.failedStage(problem));
    }

    static Outcome outcome(Throwable problem) {
        return switch (problem) {
            case Problem.Unauthenticated _ -> Outcome.UNAUTHENTICATED;
            case Problem.Refused _ -> Outcome.REFUSED;
            case Problem.Invalid _ -> Outcome.MALFORMED;
            case Problem.Exhausted _ -> Outcome.LIMITED;
            default -> Outcome.UNAVAILABLE;
        };
    }

    private AuditRecord record(Principal who, Asked asked, Decision decision, String reason, String policyDigest) {
        var access = asked.access();
        List<String> patients = access.patients();
        return new AuditRecord(
                now.getAsLong(),
                who.identity().subject(),
                who.roles(),
                who.identity().tenant(),
                asked.action() == null ? "" : asked.action().word(),
                asked.rpc(),
                patients.isEmpty() ? "" : patients.getFirst(),
                access.device(),
                access.codes(),
                decision,
                reason,
                policyDigest,
                who.peer().text(),
                who.requestId());
    }
}
