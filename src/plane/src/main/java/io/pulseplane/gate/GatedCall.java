package io.pulseplane.gate;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.StatusRuntimeException;
import io.pulseplane.gate.token.Authenticator;
import io.pulseplane.gate.token.BearerToken;
import io.pulseplane.gate.token.Identity;
import io.pulseplane.vitals.PlaneException;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * One call on its way through the context. A request goes to the endpoint when the caller is identified, the policy has
 * permitted the request, and its record is in the audit trail. Until then it waits here, and later requests wait behind
 * it. No more requests wait than the endpoint has requested.
 *
 * <p>Everything runs on the call's own executor, one step after the other.
 */
final class GatedCall<Q, R> extends ServerCall.Listener<Q> implements RunningCalls.Call {

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    /** With one try for each sweep, a revoked token ends within the promise however many tokens wait for a check. */
    private static final int MAX_POSTPONED_VERIFICATIONS = 3;

    private final Authenticator authenticator;
    private final Admission admission;
    private final DecisionPoint decisionPoint;
    private final GrantTerms grantTerms;
    private final Function<Throwable, StatusRuntimeException> statuses;
    private final AccessRule<Q> rule;
    private final Executor executor;
    private final ClientConnection connection;
    private final CancellableCall<Q, R> call;
    private final String rpc;
    private final MethodType type;
    private final Context grpcContext = Context.current();

    private final PendingRequests<Q> pending = new PendingRequests<>();

    /** Null for calls with a single request. */
    private final GrantCache grants;

    /** Null for unary calls, which are over once they are answered. */
    private final StreamGrant streamGrant;

    private ServerCall.Listener<Q> endpoint = new ServerCall.Listener<>() {};

    /** Whether the endpoint knows that the call is over. */
    private boolean endpointStopped;

    private Principal principal;

    /** Null if the caller is identified by the certificate of the connection, or not at all. */
    private BearerToken token;

    /** How often in a row the token could not be verified again because too many others waited. */
    private int postponedVerifications;

    /** Whether a check is under way that the sweep began. */
    private volatile boolean checking;

    private Context callerContext;
    private CompletionStage<Void> awaitedDecision;
    private boolean halfClosed;
    private boolean closed;

    GatedCall(
            CallContext context,
            AccessRule<Q> rule,
            Executor executor,
            ClientConnection connection,
            ServerCall<Q, R> call) {
        this.authenticator = context.authenticator();
        this.admission = context.admission();
        this.decisionPoint = context.decisionPoint();
        this.grantTerms = context.grantTerms();
        this.statuses = context.statuses();
        this.rule = rule;
        this.executor = step -> executor.execute(() -> guard(step));
        this.connection = connection;
        this.call = new CancellableCall<>(call);
        this.rpc = call.getMethodDescriptor().getFullMethodName();
        this.type = call.getMethodDescriptor().getType();
        this.grants = isClientStreaming() ? new GrantCache() : null;
        this.streamGrant = type == MethodType.UNARY ? null : new StreamGrant(grantTerms, this);
    }

    void start(Metadata headers, ServerCallHandler<Q, R> next) {
        guard(() -> begin(headers, next));
    }

    /** Runs a step of the call. Whatever it throws ends the call: a caller never waits for an answer in vain. */
    private void guard(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | Error failure) {
            end(failure);
        }
    }

    private void begin(Metadata headers, ServerCallHandler<Q, R> next) {
        endpoint = next.startCall(call, headers);
        var requestId = admission.requestId(headers);
        try {
            admission.checkMetadataSize(headers);
        } catch (PlaneException.InvalidArgument tooMuch) {
            reject(Principal.anonymous(connection, requestId), "malformed", tooMuch);
            return;
        }
        token = admission.bearerToken(headers);
        if (token == null) {
            authenticateWithoutToken(requestId);
        } else {
            authenticate(requestId);
        }
    }

    private void authenticateWithoutToken(String requestId) {
        if (!connection.certifiedIdentity().isAnonymous()) {
            if (isCertificateExpired()) {
                rejectUnauthenticated(
                        Principal.anonymous(connection, requestId),
                        new PlaneException.Unauthenticated("the certificate has expired"));
                return;
            }
            onAuthenticated(Principal.of(connection.certifiedIdentity(), connection, requestId));
        } else if (rule.action() == Action.DESCRIBE) {
            onAuthenticated(Principal.anonymous(connection, requestId));
        } else {
            PlaneException cause = connection
                    .certificateFault()
                    .orElse(new PlaneException.Unauthenticated("a bearer token is required"));
            rejectUnauthenticated(Principal.anonymous(connection, requestId), cause);
        }
    }

    /** A connection may outlive its certificate, which has no allowance for clocks. */
    private boolean isCertificateExpired() {
        return grantTerms.now() >= connection.certifiedIdentity().expiresUs();
    }

    private void authenticate(String requestId) {
        var cached = authenticator.cached(token);
        if (cached != null) {
            onIdentified(cached, requestId);
            return;
        }
        authenticator
                .verify(token)
                .whenComplete((identity, failure) -> executor.execute(() -> {
                    if (closed) {
                        return;
                    }
                    if (failure == null) {
                        onIdentified(identity, requestId);
                        decidePending();
                    } else {
                        rejectUnauthenticated(
                                Principal.anonymous(connection, requestId), PlaneException.unwrap(failure));
                    }
                }));
    }

    /** Decides about the requests that waited for the caller's identity. */
    private void decidePending() {
        if (principal == null) {
            return;
        }
        for (var entry : pending.entries()) {
            admit(entry);
            awaitDecision(entry);
        }
        deliverDecided();
    }

    private void onIdentified(Identity identity, String requestId) {
        var caller = Principal.of(identity, connection, requestId);
        if (identity.isFor(rpc)) {
            onAuthenticated(caller);
        } else {
            reject(caller, "rpc", new PlaneException.PermissionDenied("the token is for another rpc"));
        }
    }

    private void onAuthenticated(Principal principal) {
        this.principal = principal;
        callerContext =
                grpcContext.withValue(Caller.SUBJECT, principal.identity().subject());
        if (streamGrant != null) {
            var identity = principal.identity();
            streamGrant.identify(token == null ? identity.expiresUs() : grantTerms.tokenExpiry(identity));
        }
    }

    /** Refuses a call without a valid identity. Its requests are not even read. */
    private void rejectUnauthenticated(Principal anonymous, Throwable cause) {
        reject(anonymous, "unauthenticated", cause);
    }

    private void reject(Principal anonymous, String reason, Throwable cause) {
        if (closed) {
            return;
        }
        try {
            admission.acquireAnonymous(anonymous.connection());
        } catch (PlaneException.ResourceExhausted tooMany) {
            end(tooMany);
            return;
        }
        refuse(anonymous, new AccessRequest(rule.action(), rpc, Access.OF_NO_PATIENT), reason, cause);
    }

    private void refuse(Principal principal, AccessRequest request, String reason, Throwable cause) {
        decisionPoint
                .refuse(principal, request, reason, cause)
                .whenComplete((_, failure) -> executor.execute(() -> end(PlaneException.unwrap(failure))));
    }

    @Override
    public void onMessage(Q request) {
        try {
            take(request);
        } catch (RuntimeException | Error failure) {
            end(failure);
        }
    }

    private void take(Q request) {
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
            end(new PlaneException.ResourceExhausted("too many bytes wait for a decision", RETRY_AFTER));
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

    /** @param itsTurn whether all requests before it have gone to the endpoint */
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
            return;
        }
        long nowUs = grantTerms.now();
        long nowNanos = System.nanoTime();
        if (streamGrant.isIdentityOver(nowUs, nowNanos)) {
            // The sweep records it, and ends the call.
            entry.refuse(expired());
        } else if (grants.isGranted(access, grantTerms.basis(rule.action(), access), nowUs, nowNanos)) {
            if (itsTurn) {
                entry.permit();
            }
        } else if (grants.beginDecision(access) || itsTurn) {
            decide(entry, access);
        }
    }

    private void decide(PendingRequests.PendingRequest<Q> entry, Access access) {
        var request = new AccessRequest(rule.action(), rpc, access);
        var basis = type == MethodType.UNARY ? null : grantTerms.basis(rule.action(), access);
        entry.awaitDecision(request, basis, decisionPoint.decide(principal, request));
    }

    /** Refuses a request that the rule cannot read. */
    private void refuseUnreadable(PendingRequests.PendingRequest<Q> entry, String reason, PlaneException cause) {
        var request = new AccessRequest(rule.action(), rpc, Access.OF_NO_PATIENT);
        entry.awaitDecision(null, null, decisionPoint.refuse(principal, request, reason, cause));
    }

    private boolean isClientStreaming() {
        return !type.clientSendsOneMessage();
    }

    /** Requests whose records are written together wait for the same stage, so one callback serves them all. */
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

    /** Passes requests on to the endpoint, in their order, up to the first without a decision. */
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

    private void onPermitted(AccessRequest request, GrantCache.Basis basis) {
        if (isClientStreaming()) {
            grants.grant(request.access(), basis, grantTerms.grantEnd(request.access()));
        } else if (!type.serverSendsOneMessage()) {
            startGrant(request, basis);
        }
    }

    private void startGrant(AccessRequest request, GrantCache.Basis basis) {
        streamGrant.begin(request);
        if (!basis.equals(grantTerms.basis(request.action(), request.access()))) {
            recheck();
        }
    }

    /** Passes a request to the endpoint. A refusal goes with it if the endpoint answers refusals, or ends the call. */
    private void deliver(Q request, Throwable refusal) {
        if (refusal == null) {
            callerContext.run(() -> endpoint.onMessage(request));
        } else if (rule.answersRefusals() && refusal instanceof PlaneException cause) {
            var refusalContext = callerContext.withValue(Refusal.KEY, cause);
            if (!isClientStreaming()) {
                // The endpoint reads its only request after the half-close, which needs this context too.
                callerContext = refusalContext;
            }
            refusalContext.run(() -> endpoint.onMessage(request));
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
            try {
                callerContext.run(endpoint::onHalfClose);
            } catch (RuntimeException | Error failure) {
                end(failure);
            }
        }
    }

    @Override
    public void recheck() {
        executor.execute(this::decideAgain);
    }

    @Override
    public void recheckIfOver() {
        if (checking) {
            return;
        }
        long nowUs = grantTerms.now();
        long nowNanos = System.nanoTime();
        if (streamGrant.isIdentityOver(nowUs, nowNanos)) {
            checking = true;
            executor.execute(() -> endUnidentified("expired", expired()));
        } else if (token != null && authenticator.cached(token) == null) {
            checking = true;
            executor.execute(this::verifyAgain);
        } else if (streamGrant.isDecisionOver(nowUs, nowNanos)) {
            checking = true;
            executor.execute(this::decideAgain);
        }
    }

    private PlaneException expired() {
        return new PlaneException.Unauthenticated("the " + (token == null ? "certificate" : "token") + " has expired");
    }

    /** The token's key may be gone, or the token may only have been displaced in the cache. */
    private void verifyAgain() {
        authenticator.verify(token).whenComplete((_, failure) -> {
            var cause = failure == null ? null : PlaneException.unwrap(failure);
            executor.execute(() -> onVerifiedAgain(cause));
        });
    }

    private void onVerifiedAgain(Throwable failure) {
        if (failure == null) {
            postponedVerifications = 0;
            checking = false;
        } else if (failure instanceof PlaneException.ResourceExhausted
                && ++postponedVerifications < MAX_POSTPONED_VERIFICATIONS) {
            checking = false;
        } else {
            endUnidentified("unauthenticated", failure);
        }
    }

    /** Ends a call whose caller has no valid token or certificate any more. */
    private void endUnidentified(String reason, Throwable cause) {
        if (!closed) {
            var request = streamGrant.request();
            grantTerms.countEnded();
            refuse(
                    principal,
                    request == null ? new AccessRequest(rule.action(), rpc, Access.OF_NO_PATIENT) : request,
                    reason,
                    cause);
        }
    }

    private void decideAgain() {
        if (closed || streamGrant.request() == null) {
            return;
        }
        decisionPoint
                .decide(principal, streamGrant.request())
                .whenComplete((_, failure) -> executor.execute(() -> onDecidedAgain(failure)));
    }

    private void onDecidedAgain(Throwable failure) {
        if (closed) {
            return;
        }
        if (failure == null) {
            // The decision may have loaded a new consent with another end.
            streamGrant.renew();
            checking = false;
        } else {
            grantTerms.countEnded();
            end(PlaneException.unwrap(failure));
        }
    }

    /** Ends the call; the endpoint stops as if the caller had gone away. */
    private void end(Throwable cause) {
        if (closed) {
            return;
        }
        release();
        var refusal = statuses.apply(cause);
        if (call.tryClose(
                refusal.getStatus(), refusal.getTrailers() == null ? new Metadata() : refusal.getTrailers())) {
            endpointStopped = true;
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
        release();
        if (!endpointStopped) {
            endpoint.onCancel();
        }
    }

    @Override
    public void onComplete() {
        connection.openCalls().decrementAndGet();
        release();
        if (!endpointStopped) {
            endpoint.onComplete();
        }
    }

    @Override
    public void onReady() {
        if (!closed) {
            guard(endpoint::onReady);
        }
    }
}
