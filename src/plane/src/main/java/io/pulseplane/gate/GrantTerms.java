package io.pulseplane.gate;

import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.token.Identity;
import io.pulseplane.store.Site;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Says what a permission rests on and when it ends by itself. Times are microseconds since the epoch. */
final class GrantTerms {

    private final InformationPoint informationPoint;
    private final Site site;
    private final Policy policy;
    private final RunningCalls runningCalls;
    private final GateEvents events;
    private final LongSupplier clock;
    private final long clockSkewUs;
    private final long grantTtlUs;

    GrantTerms(
            InformationPoint informationPoint,
            Site site,
            Policy policy,
            RunningCalls runningCalls,
            GateSettings settings,
            GateEvents events,
            LongSupplier clock) {
        this.informationPoint = informationPoint;
        this.site = site;
        this.policy = policy;
        this.runningCalls = runningCalls;
        this.events = events;
        this.clock = clock;
        this.clockSkewUs = TimeUnit.NANOSECONDS.toMicros(settings.clockSkew().toNanos());
        this.grantTtlUs = TimeUnit.NANOSECONDS.toMicros(settings.grantTtl().toNanos());
    }

    /** What decisions on this access rest on at this moment. */
    GrantCache.Basis basis(Action action, Access access) {
        return new GrantCache.Basis(informationPoint.version(action, access), site.epoch(), policy.digest());
    }

    /** When a permission that is given now to repeat a request on a stream ends. */
    Deadline grantEnd(Access access) {
        return deadline(Math.min(now() + grantTtlUs, informationPoint.consentEnd(access)));
    }

    /** When a permission that is given now to send a stream of responses has to be given again. */
    Deadline streamEnd(Access access) {
        long policyEnd = policy.validity()
                .map(validity -> now() + TimeUnit.NANOSECONDS.toMicros(validity.toNanos()))
                .orElse(Long.MAX_VALUE);
        return deadline(Math.min(policyEnd, informationPoint.consentEnd(access)));
    }

    /** When a token of this identity expires, with the allowance for clocks. */
    long tokenExpiry(Identity identity) {
        return identity.expiresUs() + clockSkewUs;
    }

    Deadline deadline(long micros) {
        return Deadline.at(micros, now(), System.nanoTime());
    }

    long now() {
        return clock.getAsLong();
    }

    /** Counts a stream that ended because its permission ended. */
    void countEnded() {
        events.callEnded();
    }

    RunningCalls runningCalls() {
        return runningCalls;
    }
}
