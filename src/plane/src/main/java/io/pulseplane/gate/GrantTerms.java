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

    /** What decisions rest on at this moment. */
    GrantCache.Basis basis() {
        return new GrantCache.Basis(informationPoint.version(), site.epoch(), policy.digest());
    }

    /** When a permission to repeat a request on a stream ends. */
    long grantExpiry(Access access) {
        return Math.min(now() + grantTtlUs, consentEnd(access));
    }

    /** When the identity expires, with the allowance for clocks. {@code Long.MAX_VALUE} if never. */
    long identityExpiry(Identity identity) {
        return identity.expiresUs() == Long.MAX_VALUE ? Long.MAX_VALUE : identity.expiresUs() + clockSkewUs;
    }

    /** When the first of the patients' consents ends. {@code Long.MAX_VALUE} if none does. */
    long consentEnd(Access access) {
        long end = Long.MAX_VALUE;
        for (var patient : access.patients()) {
            end = Math.min(end, informationPoint.consentEnd(patient));
        }
        return end;
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
