package io.pulseplane.gate;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * What a call goes on being answered by permission of, and when that ends by itself: with the caller's token, or with the
 * consent of a patient. Belongs to one call, and is used on its executor.
 */
final class StreamGrant {

    private static final Future<?> NOT_SCHEDULED = CompletableFuture.completedFuture(null);

    private final GrantTerms terms;
    private final RunningCalls.Call call;

    /** Null as long as nothing goes on. */
    private AccessRequest request;

    private Future<?> scheduledRecheck = NOT_SCHEDULED;

    StreamGrant(GrantTerms terms, RunningCalls.Call call) {
        this.terms = terms;
        this.call = call;
    }

    /** The answer may take long: whoever withdraws consent meanwhile must not wait for its end. */
    void begin(AccessRequest permitted) {
        request = permitted;
        terms.runningCalls().add(call, permitted.access().patients());
    }

    /** Null where nothing goes on. */
    AccessRequest request() {
        return request;
    }

    /** Has the call look again when what it was permitted by ends. */
    void scheduleRecheck(Principal principal) {
        long end = terms.identityExpiry(principal.identity());
        if (request != null) {
            end = Math.min(end, terms.consentEnd(request.access()));
        }
        scheduledRecheck.cancel(false);
        if (end != Long.MAX_VALUE) {
            scheduledRecheck = terms.runningCalls().recheckAfter(call, end - terms.now());
        }
    }

    void end() {
        scheduledRecheck.cancel(false);
        if (request != null) {
            terms.runningCalls().remove(call, request.access().patients());
        }
    }
}
