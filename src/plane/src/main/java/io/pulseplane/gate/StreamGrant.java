package io.pulseplane.gate;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * The permission of a call that goes on. It ends by itself with the caller's token or with a patient's consent. A grant
 * belongs to one call and is used on its executor.
 */
final class StreamGrant {

    private static final Future<?> NOT_SCHEDULED = CompletableFuture.completedFuture(null);

    private final GrantTerms grantTerms;
    private final RunningCalls.Call call;

    /** Null until the call is permitted. */
    private AccessRequest request;

    private Future<?> scheduledRecheck = NOT_SCHEDULED;

    StreamGrant(GrantTerms grantTerms, RunningCalls.Call call) {
        this.grantTerms = grantTerms;
        this.call = call;
    }

    /** From now on, the call is checked again when a consent is withdrawn, even while an answer is being sent. */
    void begin(AccessRequest request) {
        this.request = request;
        grantTerms.runningCalls().add(call, request.access().patients());
    }

    /** Returns null until the call is permitted. */
    AccessRequest request() {
        return request;
    }

    /** Schedules a check for when the token or a consent ends, in place of the one scheduled before. */
    void scheduleRecheck(Principal principal) {
        long end = grantTerms.identityExpiry(principal.identity());
        if (request != null) {
            end = Math.min(end, grantTerms.consentEnd(request.access()));
        }
        scheduledRecheck.cancel(false);
        if (end != Long.MAX_VALUE) {
            scheduledRecheck = grantTerms.runningCalls().recheckAfter(call, end - grantTerms.now());
        }
    }

    void end() {
        scheduledRecheck.cancel(false);
        if (request != null) {
            grantTerms.runningCalls().remove(call, request.access().patients());
        }
    }
}
