package io.pulseplane.gate;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.StatusRuntimeException;
import io.pulseplane.gate.token.Authenticator;
import io.pulseplane.gate.token.BearerToken;
import io.pulseplane.vitals.PlaneException;
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

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final Authenticator authenticator;
    private final Admission admission;
    private final DecisionPoint judge;
    private final GrantTerms terms;
    private final Function<Throwable, StatusRuntimeException> statuses;
    private final AccessRule<Q> rule;
    private final Executor executor;
    private final ClientConnection connection;
    private final CancellableCall<Q, R> call;
    private final String rpc;
    private final MethodType type;
    private final Context grpcContext = Context.current();

    private final PendingRequests<Q> pending = new PendingRequests<>();

    /** Of calls that go on asking; null of those that ask once. */
    private final GrantCache grants;

    /** Null of unary calls, which are over once they are answered. */
    private final StreamGrant streamGrant;

    private ServerCall.Listener<Q> endpoint;
    private Principal principal;
    private Context callerContext;
    private CompletionStage<Void> awaitedDecision;
    private boolean halfClosed;
    private boolean closed;

    GatedCall(CallContext gate, AccessRule<Q> rule, Executor here, ClientConnection peer, ServerCall<Q, R> call) {
        this.authenticator = gate.authenticator();
        this.admission = gate.admission();
        this.judge = gate.judge();
        this.terms = gate.terms();
        this.statuses = gate.statuses();
        this.rule = rule;
        this.executor = here;
        this.connection = peer;
        this.call = new CancellableCall<>(call);
        this.rpc = call.getMethodDescriptor().getFullMethodName();
        this.type = call.getMethodDescriptor().getType();
        this.grants = isClientStreaming() ? new GrantCache() : null;
        this.streamGrant = type == MethodType.UNARY ? null : new StreamGrant(terms, this);
    }

    void start(Metadata headers, ServerCallHandler<Q, R> next) {
        endpoint = next.startCall(call, headers);
        var requestId = admission.requestId(headers);
        try {
            admission.checkMetadataSize(headers);
        } catch (PlaneException.InvalidArgument tooMuch) {
            reject(Principal.anonymous(connection, requestId), "malformed", tooMuch);
            return;
        }
        var token = admission.bearerToken(headers);
        if (token == null) {
            authenticateWithoutToken(requestId);
        } else {
            authenticate(token, requestId);
        }
    }

    private void authenticateWithoutToken(String requestId) {
        if (!connection.certifiedIdentity().isAnonymous()) {
            onAuthenticated(Principal.of(connection.certifiedIdentity(), connection, requestId));
        } else if (rule.action() == Action.DESCRIBE) {
            onAuthenticated(Principal.anonymous(connection, requestId));
        } else {
            PlaneException problem = connection
                    .certificateFault()
                    .orElse(new PlaneException.Unauthenticated("a bearer token is required"));
            rejectUnauthenticated(Principal.anonymous(connection, requestId), problem);
        }
    }

    private void authenticate(BearerToken token, String requestId) {
        var known = authenticator.cached(token);
        if (known != null) {
            onAuthenticated(Principal.of(known, connection, requestId));
            return;
        }
        authenticator
                .verify(token)
                .whenComplete((identity, failure) -> executor.execute(() -> {
                    if (closed) {
                        return;
                    }
                    if (failure == null) {
                        onAuthenticated(Principal.of(identity, connection, requestId));
                        for (var entry : pending.entries()) {
                            admit(entry);
                            awaitDecision(entry);
                        }
                        deliverDecided();
                    } else {
                        rejectUnauthenticated(
                                Principal.anonymous(connection, requestId), PlaneException.unwrap(failure));
                    }
                }));
    }

    private void onAuthenticated(Principal who) {
        principal = who;
        callerContext = grpcContext.withValue(Caller.SUBJECT, who.identity().subject());
        if (streamGrant != null) {
            streamGrant.scheduleRecheck(principal);
        }
    }

    /** Turns away who could not say who they are; what they asked for is not even read. */
    private void rejectUnauthenticated(Principal who, Throwable problem) {
        reject(who, "unauthenticated", problem);
    }

    private void reject(Principal who, String reason, Throwable problem) {
        if (closed) {
            return;
        }
        try {
            admission.acquireAnonymous(who.connection());
        } catch (PlaneException.ResourceExhausted tooMany) {
            end(tooMany);
            return;
        }
        refuse(who, new AccessRequest(rule.action(), rpc, Access.OF_NO_PATIENT), reason, problem);
    }

    private void refuse(Principal who, AccessRequest asked, String reason, Throwable problem) {
        judge.refuse(who, asked, reason, problem)
                .whenComplete((_, failure) -> executor.execute(() -> end(PlaneException.unwrap(failure))));
    }

    @Override
    public void onMessage(Q request) {
        if (closed) {
            return;
        }
        var entry = new PendingRequests.PendingRequest<>(request);
        if (principal != null) {
            admit(entry);
            if (pending.isEmpty() && entry.isDecided()) {
                complete(entry);
                return;
            }
        }
        if (pending.add(entry)) {
            awaitDecision(entry);
        } else {
            admission.countLimited(rule.action());
            end(new PlaneException.ResourceExhausted("too many bytes wait to be decided on", RETRY_AFTER));
        }
    }

    private void admit(PendingRequests.PendingRequest<Q> entry) {
        try {
            admission.acquire(principal);
        } catch (PlaneException.ResourceExhausted tooMany) {
            admission.countLimited(rule.action());
            entry.refuse(tooMany);
            return;
        }
        evaluate(entry, pending.isEmpty() || pending.first() == entry);
    }

    /** @param itsTurn whether there is none before it that has not been handed over */
    private void evaluate(PendingRequests.PendingRequest<Q> entry, boolean itsTurn) {
        Access access;
        try {
            access = rule.access().apply(entry.request());
        } catch (PlaneException.InvalidArgument malformed) {
            refuseUnreadable(entry, "malformed", malformed);
            return;
        } catch (PlaneException.ResourceExhausted tooLarge) {
            refuseUnreadable(entry, "too_large", tooLarge);
            return;
        }
        if (!isClientStreaming()) {
            decide(entry, access);
        } else if (grants.isGranted(access, terms.basis(), terms.now())) {
            if (itsTurn) {
                entry.permit();
            }
        } else if (grants.beginDecision(access) || itsTurn) {
            decide(entry, access);
        }
    }

    private void decide(PendingRequests.PendingRequest<Q> entry, Access access) {
        var asked = new AccessRequest(rule.action(), rpc, access);
        var basis = type == MethodType.UNARY ? null : terms.basis();
        entry.awaitDecision(asked, basis, judge.decide(principal, asked));
    }

    /** One of which it is not known what it asks for. */
    private void refuseUnreadable(PendingRequests.PendingRequest<Q> entry, String reason, PlaneException problem) {
        var asked = new AccessRequest(rule.action(), rpc, Access.OF_NO_PATIENT);
        entry.awaitDecision(null, null, judge.refuse(principal, asked, reason, problem));
    }

    private boolean isClientStreaming() {
        return !type.clientSendsOneMessage();
    }

    /** All whose records are written together wait for the same, and hear of it once. */
    private void awaitDecision(PendingRequests.PendingRequest<Q> entry) {
        var decision = entry.decision();
        if (decision == null || decision == awaitedDecision) {
            return;
        }
        awaitedDecision = decision;
        decision.whenComplete((_, failure) -> executor.execute(() -> {
            awaitedDecision = null;
            pending.resolve(decision, failure == null ? null : PlaneException.unwrap(failure));
            deliverDecided();
        }));
    }

    /** Hands over what has been decided on, as far as it goes. */
    private void deliverDecided() {
        for (var entry = pending.first(); entry != null && !closed; entry = pending.first()) {
            if (entry.isUndecided()) {
                evaluate(entry, true);
                awaitDecision(entry);
            }
            if (!entry.isDecided()) {
                return;
            }
            pending.removeFirst();
            complete(entry);
        }
        if (halfClosed && !closed) {
            callerContext.run(endpoint::onHalfClose);
        }
    }

    private void complete(PendingRequests.PendingRequest<Q> entry) {
        if (isClientStreaming() && entry.accessRequest() != null) {
            grants.endDecision(entry.accessRequest().access());
        }
        if (entry.refusal() == null && entry.accessRequest() != null) {
            onPermitted(entry.accessRequest(), entry.basis());
        }
        deliver(entry.request(), entry.refusal());
    }

    private void onPermitted(AccessRequest asked, GrantCache.Basis basis) {
        if (isClientStreaming()) {
            grants.grant(asked.access(), basis, terms.grantExpiry(asked.access()));
        } else if (!type.serverSendsOneMessage()) {
            startGrant(asked, basis);
        }
    }

    private void startGrant(AccessRequest asked, GrantCache.Basis basis) {
        streamGrant.begin(asked);
        if (!basis.equals(terms.basis())) {
            recheck();
        }
        streamGrant.scheduleRecheck(principal);
    }

    /** To the endpoint, with a refusal where the endpoint answers it; else the refusal ends the call. */
    private void deliver(Q request, Throwable refusal) {
        if (refusal == null) {
            callerContext.run(() -> endpoint.onMessage(request));
        } else if (rule.answersRefusals() && refusal instanceof PlaneException problem) {
            var refused = callerContext.withValue(Refusal.KEY, problem);
            if (!isClientStreaming()) {
                // The endpoint looks at its one request when there are no more.
                callerContext = refused;
            }
            refused.run(() -> endpoint.onMessage(request));
        } else {
            end(refusal);
        }
    }

    @Override
    public void onHalfClose() {
        if (closed) {
            return;
        }
        if (principal == null || !pending.isEmpty()) {
            halfClosed = true;
        } else {
            callerContext.run(endpoint::onHalfClose);
        }
    }

    @Override
    public void recheck() {
        executor.execute(() -> {
            if (closed) {
                return;
            }
            var asked = streamGrant.request();
            if (terms.identityExpiry(principal.identity()) <= terms.now()) {
                var expired = asked == null ? new AccessRequest(rule.action(), rpc, Access.OF_NO_PATIENT) : asked;
                terms.countEnded();
                refuse(principal, expired, "expired", new PlaneException.Unauthenticated("the token has expired"));
                return;
            }
            streamGrant.scheduleRecheck(principal);
            if (asked != null) {
                judge.decide(principal, asked)
                        .whenComplete((_, failure) -> executor.execute(() -> onRechecked(failure)));
            }
        });
    }

    private void onRechecked(Throwable failure) {
        if (closed) {
            return;
        }
        if (failure == null) {
            // By now it is known when the consent ends that holds now.
            streamGrant.scheduleRecheck(principal);
        } else {
            terms.countEnded();
            end(PlaneException.unwrap(failure));
        }
    }

    /** Ends the call; the endpoint stops as if the caller had gone away. */
    private void end(Throwable problem) {
        if (closed) {
            return;
        }
        release();
        var refusal = statuses.apply(problem);
        if (call.tryClose(
                refusal.getStatus(), refusal.getTrailers() == null ? new Metadata() : refusal.getTrailers())) {
            endpoint.onCancel();
        }
    }

    private void release() {
        closed = true;
        pending.clear();
        if (streamGrant != null) {
            streamGrant.end();
        }
    }

    @Override
    public void onCancel() {
        connection.openCalls().decrementAndGet();
        boolean ended = closed;
        release();
        if (!ended) {
            endpoint.onCancel();
        }
    }

    @Override
    public void onComplete() {
        connection.openCalls().decrementAndGet();
        boolean ended = closed;
        release();
        if (!ended) {
            endpoint.onComplete();
        }
    }

    @Override
    public void onReady() {
        if (!closed) {
            endpoint.onReady();
        }
    }
}
