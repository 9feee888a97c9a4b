package io.pulseplane.gate;

/**
 * The permission of a call that goes on: who calls, and what was permitted. It ends by itself with the caller's token
 * or certificate, or with a patient's consent. The call's executor changes it, and any thread may ask whether it is
 * over.
 */
final class StreamGrant {

    private final GrantTerms grantTerms;
    private final RunningCalls.Call call;

    private volatile Deadline identityEnd = Deadline.NEVER;
    private volatile Deadline decisionEnd = Deadline.NEVER;

    /** Null until the call is permitted. */
    private AccessRequest request;

    StreamGrant(GrantTerms grantTerms, RunningCalls.Call call) {
        this.grantTerms = grantTerms;
        this.call = call;
    }

    /** From now on, the call ends with this identity. */
    void identify(long expiryUs) {
        identityEnd = grantTerms.deadline(expiryUs);
        grantTerms.runningCalls().add(call);
    }

    /** From now on, the call is checked again when its facts change, even while an answer is being sent. */
    void begin(AccessRequest request) {
        this.request = request;
        grantTerms.runningCalls().index(call, request.access());
        renew();
    }

    /** The request was permitted just now. */
    void renew() {
        decisionEnd = grantTerms.streamEnd(request.access());
    }

    /** Returns null until the call is permitted. */
    AccessRequest request() {
        return request;
    }

    boolean isIdentityOver(long nowUs, long nowNanos) {
        return identityEnd.isOver(nowUs, nowNanos);
    }

    boolean isDecisionOver(long nowUs, long nowNanos) {
        return decisionEnd.isOver(nowUs, nowNanos);
    }

    void end() {
        grantTerms.runningCalls().remove(call, request == null ? Access.OF_NO_PATIENT : request.access());
    }
}
