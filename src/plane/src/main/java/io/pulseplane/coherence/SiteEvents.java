package io.pulseplane.coherence;

import io.pulseplane.store.GuardEvents;

/** Receives events between a plane and Redis, for metrics. Several threads call it often; methods must not block. */
public interface SiteEvents {

    /** Outcome of a lookup in Redis. */
    enum LookupOutcome {
        /** The value was in Redis. */
        HIT,
        /** There was no value. */
        MISS,
        /** The plane did not use Redis, because its values are not trusted now. */
        BYPASSED,
        /** Redis did not reply, or not in time. */
        FAILED,
        /** The value was not written by a plane of this site, or not for this subject. */
        FORGED
    }

    /** The kind of commands that a guard protects. */
    enum CommandKind {
        READS,
        WRITES
    }

    default void lookedUp(LookupOutcome outcome) {}

    /**
     * A message was sent to the other planes.
     *
     * @param changes number of changes in it; 0 for a heartbeat alone
     */
    default void sent(int changes) {}

    /** A message could not be sent. The other planes will notice the gap. */
    default void sendFailed() {}

    /** A message of another plane arrived. */
    default void received(int changes) {}

    /** Messages of another plane are missing, or may be. */
    default void missed() {}

    /** A message arrived that no plane of this site wrote. */
    default void forged() {}

    /** The receiver of the events of a guard. Called once for each kind. */
    default GuardEvents guardEvents(CommandKind kind) {
        return GuardEvents.NONE;
    }

    /** A connection to Redis was made or lost. */
    default void connectionChanged(String connection, boolean isConnected) {}
}
