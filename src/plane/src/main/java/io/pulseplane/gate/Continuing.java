package io.pulseplane.gate;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * What a call goes on being answered by permission of, and when that ends by itself: with the caller's token, or with the
 * consent of a patient. Belongs to one call, and is used on its executor.
 */
final class Continuing {

    private static final Future<?> NEVER = CompletableFuture.completedFuture(null);

    private final GrantTerms terms;
    private final RunningCalls.Call call;

    /** Null as long as nothing goes on. */
    private Asked asked;

    private Future<?> expiry = NEVER;

    Continuing(GrantTerms terms, RunningCalls.Call call) {
        this.terms = terms;
        this.call = call;
    }

    /** The answer may take long: whoever withdraws consent meanwhile must not wait for its end. */
    void begin(Asked permitted) {
        asked = permitted;
        terms.runningCalls().add(call, permitted.access().patients());
    }

    /** Null where nothing goes on. */
    Asked asked() {
        return asked;
    }

    /** Has the call look again when what it was permitted by ends. */
    void recheckInTime(Principal principal) {
        long end = terms.identityExpiry(principal.identity());
        if (asked != null) {
            end = Math.min(end, terms.consentEnd(asked.access()));
        }
        expiry.cancel(false);
        if (end != Long.MAX_VALUE) {
            expiry = terms.runningCalls().recheckAfter(call, end - terms.now());
        }
    }

    void end() {
        expiry.cancel(false);
        if (asked != null) {
            terms.runningCalls().remove(call, asked.access().patients());
        }
    }
}
