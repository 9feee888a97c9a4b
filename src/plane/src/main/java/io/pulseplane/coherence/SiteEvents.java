package io.pulseplane.coherence;

import io.pulseplane.store.GuardEvents;

/** What happens between a plane and Redis, for those who count. Called often, from several threads; must not block. */
public interface SiteEvents {

    /** What became of a question to Redis. */
    enum LookupOutcome {
        /** The answer was there. */
        HIT,
        /** It was not. */
        MISS,
        /** It was not asked: what it would say could not be trusted. */
        BYPASSED,
        /** It did not answer in time, or at all. */
        FAILED,
        /** What was there was not written by a plane of this site, or not for this subject. */
        FORGED
    }

    /** Which commands a guard is for. */
    enum CommandKind {
        READS,
        WRITES
    }

    default void lookedUp(LookupOutcome lookup) {}

    /** A message went out to the others. @param changes how much it says; 0 for a sign of life */
    default void sent(int changes) {}

    /** A message could not be sent; the others will notice that it is missing. */
    default void sendFailed() {}

    /** A message of another plane came in. */
    default void received(int changes) {}

    /** Messages of another plane did not come in, or may not have. */
    default void missed() {}

    /** What came in was not written by a plane of this site. */
    default void forged() {}

    /** Who hears of what the guard of these commands does. Asked once. */
    default GuardEvents guardEvents(CommandKind of) {
        return GuardEvents.NONE;
    }

    /** A connection to Redis came or went. */
    default void connectionChanged(String which, boolean up) {}
}
