package io.pulseplane.gate;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.StatusRuntimeException;
import io.pulseplane.gate.token.Authenticator;
import io.pulseplane.gate.token.BearerToken;
import io.pulseplane.vitals.Problem;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * One call on its way through the gate. A request is handed to the endpoint when it is known who asks, the request was
 * permitted, and the record of that may be relied on; until then it waits here, and with it what comes after it. No more
 * waits than the endpoint has asked for.
 *
 * <p>Everything happens on the call's own executor, one after the other.
 */
final class GatedCall<Q, R> extends ServerCall.Listener<Q> implements RunningCalls.Call {

    private static final Duration RETRY = Duration.ofSeconds(1);

    private final Authenticator authenticator;
    private final Admission admission;
    private final Judge judge;
    private final GrantTerms terms;
    private final Function<Throwable, StatusRuntimeException> statuses;
    private final Rule<Q> rule;
    private final Executor here;
    private final Peer peer;
    private final Door<Q, R> call;
    private final String rpc;
    private final MethodType type;
    private final Context origin = Context.current();

    private final Line<Q> line = new Line<>();

    /** Of calls that go on asking; null of those that ask once. */
    private final Repeats repeats;

    /** Null of unary calls, which are over once they are answered. */
    private final Continuing continuing;

    private ServerCall.Listener<Q> endpoint;
    private Principal principal;
    private Context context;
    private CompletionStage<Void> listenedTo;
    private boolean halfClosed;
    private boolean over;

    GatedCall(CallContext gate, Rule<Q> rule, Executor here, Peer peer, ServerCall<Q, R> call) {
        this.authenticator = gate.authenticator();
        this.admission = gate.admission();
        this.judge = gate.judge();
        this.terms = gate.terms();
        this.statuses = gate.statuses();
        this.rule = rule;
        this.here = here;
        this.peer = peer;
        this.call = new Door<>(call);
        this.rpc = call.getMethodDescriptor().getFullMethodName();
        this.type = call.getMethodDescriptor().getType();
        this.repeats = clientStreams() ? new Repeats() : null;
        this.continuing = type == MethodType.UNARY ? null : new Continuing(terms, this);
    }

    void start(Metadata headers, ServerCallHandler<Q, R> next) {
        endpoint = next.startCall(call, headers);
        var requestId = admission.requestId(headers);
        try {
            admission.checkMetadataSize(headers);
        } catch (Problem.Invalid tooMuch) {
            turnAway(Principal.stranger(peer, requestId), "malformed", tooMuch);
            return;
        }
        var token = admission.bearerToken(headers);
        if (token == null) {
            withoutToken(requestId);
        } else {
            identify(token, requestId);
        }
    }

    private void withoutToken(String requestId) {
        if (!peer.certified().isAnonymous()) {
            identified(Principal.of(peer.certified(), peer, requestId));
        } else if (rule.action() == Action.DESCRIBE) {
            identified(Principal.stranger(peer, requestId));
        } else {
            Problem problem = peer.fault().orElse(new Problem.Unauthenticated("a bearer token is required"));
            stranger(Principal.stranger(peer, requestId), problem);
        }
    }

    private void identify(BearerToken token, String requestId) {
        var known = authenticator.cached(token);
        if (known != null) {
            identified(Principal.of(known, peer, requestId));
            return;
        }
        authenticator
                .verify(token)
                .whenComplete((identity, failure) -> here.execute(() -> {
                    if (over) {
                        return;
                    }
                    if (failure == null) {
                        identified(Principal.of(identity, peer, requestId));
                        for (var entry : line.all()) {
                            admit(entry);
                            listen(entry);
                        }
                        proceed();
                    } else {
                        stranger(Principal.stranger(peer, requestId), Problem.unwrap(failure));
                    }
                }));
    }

    private void identified(Principal who) {
        principal = who;
        context = origin.withValue(Caller.SUBJECT, who.identity().subject());
        if (continuing != null) {
            continuing.recheckInTime(principal);
        }
    }

    /** Turns away who could not say who they are; what they asked for is not even read. */
    private void stranger(Principal who, Throwable problem) {
        turnAway(who, "unauthenticated", problem);
    }

    private void turnAway(Principal who, String reason, Throwable problem) {
        if (over) {
            return;
        }
        try {
            admission.acquireAnonymous(who.peer());
        } catch (Problem.Exhausted tooMany) {
            end(tooMany);
            return;
        }
        refuse(who, new Asked(rule.action(), rpc, Access.GENERAL), reason, problem);
    }

    private void refuse(Principal who, Asked asked, String reason, Throwable problem) {
        judge.refuse(who, asked, reason, problem)
                .whenComplete((_, failure) -> here.execute(() -> end(Problem.unwrap(failure))));
    }

    @Override
    public void onMessage(Q request) {
        if (over) {
            return;
        }
        var entry = new Line.Entry<>(request);
        if (principal != null) {
            admit(entry);
            if (line.isEmpty() && entry.isDecided()) {
                conclude(entry);
                return;
            }
        }
        if (line.add(entry)) {
            listen(entry);
        } else {
            admission.countLimited(rule.action());
            end(new Problem.Exhausted("too many bytes wait to be decided on", RETRY));
        }
    }

    private void admit(Line.Entry<Q> entry) {
        try {
            admission.acquire(principal);
        } catch (Problem.Exhausted tooMany) {
            admission.countLimited(rule.action());
            entry.refuse(tooMany);
            return;
        }
        judge(entry, line.isEmpty() || line.first() == entry);
    }

    /** @param itsTurn whether there is none before it that has not been handed over */
    private void judge(Line.Entry<Q> entry, boolean itsTurn) {
        Access access;
        try {
            access = rule.access().apply(entry.request());
        } catch (Problem.Invalid malformed) {
            refuseUnfit(entry, "malformed", malformed);
            return;
        } catch (Problem.Exhausted tooLarge) {
            refuseUnfit(entry, "too_large", tooLarge);
            return;
        }
        if (!clientStreams()) {
            ask(entry, access);
        } else if (repeats.permits(access, terms.basis(), terms.now())) {
            if (itsTurn) {
                entry.permit();
            }
        } else if (repeats.begin(access) || itsTurn) {
            ask(entry, access);
        }
    }

    private void ask(Line.Entry<Q> entry, Access access) {
        var asked = new Asked(rule.action(), rpc, access);
        var basis = type == MethodType.UNARY ? null : terms.basis();
        entry.await(asked, basis, judge.decide(principal, asked));
    }

    /** One of which it is not known what it asks for. */
    private void refuseUnfit(Line.Entry<Q> entry, String reason, Problem problem) {
        var asked = new Asked(rule.action(), rpc, Access.GENERAL);
        entry.await(null, null, judge.refuse(principal, asked, reason, problem));
    }

    private boolean clientStreams() {
        return !type.clientSendsOneMessage();
    }

    /** All whose records are written together wait for the same, and hear of it once. */
    private void listen(Line.Entry<Q> entry) {
        var decision = entry.decision();
        if (decision == null || decision == listenedTo) {
            return;
        }
        listenedTo = decision;
        decision.whenComplete((_, failure) -> here.execute(() -> {
            listenedTo = null;
            line.decided(decision, failure == null ? null : Problem.unwrap(failure));
            proceed();
        }));
    }

    /** Hands over what has been decided on, as far as it goes. */
    private void proceed() {
        for (var entry = line.first(); entry != null && !over; entry = line.first()) {
            if (entry.isUndecided()) {
                judge(entry, true);
                listen(entry);
            }
            if (!entry.isDecided()) {
                return;
            }
            line.removeFirst();
            conclude(entry);
        }
        if (halfClosed && !over) {
            context.run(endpoint::onHalfClose);
        }
    }

    private void conclude(Line.Entry<Q> entry) {
        if (clientStreams() && entry.asked() != null) {
            repeats.end(entry.asked().access());
        }
        if (entry.refusal() == null && entry.asked() != null) {
            permitted(entry.asked(), entry.basis());
        }
        handOver(entry.request(), entry.refusal());
    }

    private void permitted(Asked asked, Repeats.Basis basis) {
        if (clientStreams()) {
            repeats.permitted(asked.access(), basis, terms.grantExpiry(asked.access()));
        } else if (!type.serverSendsOneMessage()) {
            goesOn(asked, basis);
        }
    }

    private void goesOn(Asked asked, Repeats.Basis basis) {
        continuing.begin(asked);
        if (!basis.equals(terms.basis())) {
            recheck();
        }
        continuing.recheckInTime(principal);
    }

    /** To the endpoint, with a refusal where the endpoint answers it; else the refusal ends the call. */
    private void handOver(Q request, Throwable refusal) {
        if (refusal == null) {
            context.run(() -> endpoint.onMessage(request));
        } else if (rule.answersRefusals() && refusal instanceof Problem problem) {
            var refused = context.withValue(Refusal.KEY, problem);
            if (!clientStreams()) {
                // The endpoint looks at its one request when there are no more.
                context = refused;
            }
            refused.run(() -> endpoint.onMessage(request));
        } else {
            end(refusal);
        }
    }

    @Override
    public void onHalfClose() {
        if (over) {
            return;
        }
        if (principal == null || !line.isEmpty()) {
            halfClosed = true;
        } else {
            context.run(endpoint::onHalfClose);
        }
    }

    @Override
    public void recheck() {
        here.execute(() -> {
            if (over) {
                return;
            }
            var asked = continuing.asked();
            if (terms.identityExpiry(principal.identity()) <= terms.now()) {
                var expired = asked == null ? new Asked(rule.action(), rpc, Access.GENERAL) : asked;
                terms.countEnded();
                refuse(principal, expired, "expired", new Problem.Unauthenticated("the token has expired"));
                return;
            }
            continuing.recheckInTime(principal);
            if (asked != null) {
                judge.decide(principal, asked).whenComplete((_, failure) -> here.execute(() -> decidedAnew(failure)));
            }
        });
    }

    private void decidedAnew(Throwable failure) {
        if (over) {
            return;
        }
        if (failure == null) {
            // By now it is known when the consent ends that holds now.
            continuing.recheckInTime(principal);
        } else {
            terms.countEnded();
            end(Problem.unwrap(failure));
        }
    }

    /** Ends the call; the endpoint stops as if the caller had gone away. */
    private void end(Throwable problem) {
        if (over) {
            return;
        }
        finish();
        var refusal = statuses.apply(problem);
        if (call.shut(refusal.getStatus(), refusal.getTrailers() == null ? new Metadata() : refusal.getTrailers())) {
            endpoint.onCancel();
        }
    }

    private void finish() {
        over = true;
        line.clear();
        if (continuing != null) {
            continuing.end();
        }
    }

    @Override
    public void onCancel() {
        peer.calls().decrementAndGet();
        boolean ended = over;
        finish();
        if (!ended) {
            endpoint.onCancel();
        }
    }

    @Override
    public void onComplete() {
        peer.calls().decrementAndGet();
        boolean ended = over;
        finish();
        if (!ended) {
            endpoint.onComplete();
        }
    }

    @Override
    public void onReady() {
        if (!over) {
            endpoint.onReady();
        }
    }
}
