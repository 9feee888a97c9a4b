package io.pulseplane.coherence;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Tracks up to when this plane knows what all planes of the site did.
 *
 * <p>It keeps the promise of the site: <em>data served from memory include everything that any plane acknowledged
 * longer ago than {@code maxStaleness}</em>, whatever happens to Redis and to messages. It compares no clocks of
 * different machines:
 *
 * <ul>
 *   <li>Each plane numbers its messages. A plane that misses a number raises a fence: it does not trust anything that
 *       it read before.
 *   <li>Each plane sends heartbeats and notes their times. The other planes echo the last heartbeat that they received.
 *       They take the echo before they collect the changes of a message. So a plane that receives an echo and missed no
 *       message knows everything that the other plane acknowledged before that heartbeat. The earliest of these times
 *       over all planes is the confirmed time, which is trusted for six tenths of the bound.
 *   <li>When the confirmed time is too old, because Redis, a connection or a plane is slow or gone, data read from the
 *       store are trusted for four tenths of the bound, counted from the start of the read. The store then has one more
 *       query for each subject and interval, not one for each call. A decision based on such data stands for as long
 *       again at most.
 *   <li>A plane that falls silent without a last message may still acknowledge, so it counts as present. It is
 *       forgotten when another run of it appears, or after {@code silentPlaneTimeout}.
 *   <li>A plane that has just subscribed trusts nothing until every other plane has had the time to send a message.
 * </ul>
 *
 * <p>A plane that has never been heard of cannot be noticed; therefore the number of expected planes is configured.
 */
final class Freshness {

    private static final int MAX_PLANES = 1_000;

    /** Heartbeats whose times are kept. The interval is at most a fifth of the bound, so older ones cannot matter. */
    private static final int MAX_HEARTBEATS = 256;

    private static final double TRUSTED_SHARE = 0.6;
    private static final double READ_TRUSTED_SHARE = 0.4;

    private static final class RemotePlane {
        private final String plane;
        private long sequence;
        private long confirmedUpTo;
        private long lastHeardNanos;
        private long heartbeat;

        private RemotePlane(String plane) {
            this.plane = plane;
        }
    }

    private final SiteMessage.Origin self;
    private final GenerationAgreement agreement;
    private final int minPlanes;
    private final long trustedNanos;
    private final long readTrustedNanos;
    private final long silentPlaneTimeoutNanos;
    private final LongSupplier clockNanos;
    private final SiteEvents events;

    private final Map<Long, RemotePlane> remotePlanes = new HashMap<>();
    private final long[] heartbeatTimes = new long[MAX_HEARTBEATS];
    private long heartbeat;
    private long ownConfirmedUpTo;
    private long sequence;
    private long settledAtNanos = Long.MAX_VALUE;
    private boolean tooManyPlanes;

    /** Everything that any plane acknowledged before this time is known; 0 if there is no such time. */
    private volatile long confirmedUpTo;

    /** Data read before this time may miss changes. */
    private volatile long fenceNanos;

    private volatile long fenceCount;

    /** @param clockNanos a monotonic clock whose 0 is long ago */
    Freshness(SiteMessage.Origin self, int keyId, RedisSettings settings, LongSupplier clockNanos, SiteEvents events) {
        this.self = self;
        this.agreement = new GenerationAgreement(self.runId(), keyId);
        this.minPlanes = settings.minPlanes();
        this.trustedNanos = (long) (settings.maxStaleness().toNanos() * TRUSTED_SHARE);
        this.readTrustedNanos = (long) (settings.maxStaleness().toNanos() * READ_TRUSTED_SHARE);
        this.silentPlaneTimeoutNanos = settings.silentPlaneTimeout().toNanos();
        this.clockNanos = clockNanos;
        this.events = events;
    }

    long now() {
        return clockNanos.getAsLong();
    }

    boolean isFresh(long asOf) {
        long now = clockNanos.getAsLong();
        return now - asOf <= readTrustedNanos || (asOf >= fenceNanos && now - confirmedUpTo <= trustedNanos);
    }

    boolean isConfirmed() {
        return clockNanos.getAsLong() - confirmedUpTo <= trustedNanos;
    }

    /** The confirmed time, see the class; 0 if it is too old to be used. */
    long confirmedUpTo() {
        long upTo = confirmedUpTo;
        return clockNanos.getAsLong() - upTo <= trustedNanos ? upTo : 0;
    }

    /**
     * A number that changes when cached decisions must be made anew. It is constant while freshness is confirmed and no
     * fence is raised. Otherwise it changes after each interval for which data from the store are trusted.
     */
    long epoch() {
        long now = clockNanos.getAsLong();
        return now - confirmedUpTo <= trustedNanos ? fenceCount : -1 - now / readTrustedNanos;
    }

    long readTrustedNanos() {
        return readTrustedNanos;
    }

    /** The generation whose values in Redis this plane must invalidate; 0 if there is none. */
    long generation() {
        return agreement.generation();
    }

    /** The generation whose values in Redis this plane may read and write; 0 if the planes have not agreed on one. */
    long trustedGeneration() {
        return agreement.trusted();
    }

    synchronized int planeCount() {
        return 1 + remotePlanes.size();
    }

    /** The subscription was made. Nothing is trusted until every plane has had the time to send a message. */
    synchronized void startListening() {
        restartSettling();
        raiseFence();
    }

    /** The subscription was lost. */
    synchronized void stopListening() {
        settledAtNanos = Long.MAX_VALUE;
        updateConfirmed();
    }

    private void restartSettling() {
        settledAtNanos = clockNanos.getAsLong() + trustedNanos;
        updateConfirmed();
    }

    /** Callers hold the lock, so the increment of the volatile field is safe. */
    @SuppressWarnings("NonAtomicVolatileUpdate")
    private void raiseFence() {
        fenceNanos = clockNanos.getAsLong();
        fenceCount++;
    }

    /** The store went back to an earlier state: nothing that was read from it before is trusted. */
    synchronized void distrustReads() {
        raiseFence();
    }

    /** A message came that cannot be read, so there may be a plane whose changes this plane does not receive. */
    synchronized void receiveUnreadable() {
        if (settledAtNanos != Long.MAX_VALUE) {
            restartSettling();
        }
        raiseFence();
    }

    /** The last heartbeat received from each plane. Must be taken before the changes of a message are collected. */
    synchronized Map<Long, Long> echoes() {
        var echoes = LinkedHashMap.<Long, Long>newLinkedHashMap(remotePlanes.size());
        remotePlanes.forEach((run, remote) -> echoes.put(run, remote.heartbeat));
        return echoes;
    }

    /** Notes the time of the next heartbeat, and updates everything that depends on time. */
    synchronized void heartbeat() {
        heartbeat++;
        heartbeatTimes[(int) (heartbeat % MAX_HEARTBEATS)] = clockNanos.getAsLong();
        if (agreement.generation() == 0 && clockNanos.getAsLong() >= settledAtNanos) {
            // No other plane announced a generation, so no value that is in Redis now may be trusted.
            agreement.next();
        }
        forgetSilentPlanes();
        updateConfirmed();
    }

    /** @param validGeneration the generation whose outdated values were invalidated before this message */
    synchronized SiteMessage nextMessage(long validGeneration, Map<Long, Long> echoes, SiteMessage.Changes changes) {
        return new SiteMessage(self, ++sequence, validGeneration, agreement.keyId(), heartbeat, echoes, false, changes);
    }

    synchronized SiteMessage lastMessage() {
        return new SiteMessage(
                self,
                ++sequence,
                agreement.generation(),
                agreement.keyId(),
                heartbeat,
                Map.of(),
                true,
                SiteMessage.Changes.NONE);
    }

    /**
     * Leaves a gap in the sequence, because a change was not announced. Receivers of the next message notice the gap.
     */
    synchronized void skipSequence() {
        sequence++;
    }

    /** Values in Redis may be stale: begins a generation, so that no plane trusts a value that is there now. */
    synchronized void nextGeneration() {
        agreement.next();
    }

    /** @return whether this plane may have missed changes */
    synchronized boolean receive(SiteMessage message) {
        long fenceCountBefore = fenceCount;
        if (message.origin().runId() == self.runId()) {
            ownConfirmedUpTo = timeOfHeartbeat(message.heartbeat(), ownConfirmedUpTo);
        } else if (message.isLeaving()
                && !remotePlanes.containsKey(message.origin().runId())) {
            // A plane leaves whose messages this plane never received.
            raiseFence();
        } else {
            receiveFromRemote(message);
        }
        updateConfirmed();
        return fenceCount != fenceCountBefore;
    }

    private void receiveFromRemote(SiteMessage message) {
        var remote = remotePlanes.get(message.origin().runId());
        if (remote == null) {
            remote = addPlane(message);
            if (remote == null) {
                return;
            }
        }
        if (message.sequence() <= remote.sequence) {
            // Comes late from a connection that was given up. Its absence was noticed when the next message came.
            return;
        }
        if (message.sequence() > remote.sequence + 1) {
            if (remote.sequence > 0) {
                events.missed();
            }
            raiseFence();
        }
        if (agreement.receive(message)) {
            raiseFence();
        }
        remote.sequence = message.sequence();
        remote.lastHeardNanos = clockNanos.getAsLong();
        remote.heartbeat = Math.max(remote.heartbeat, message.heartbeat());
        var echo = message.echoes().get(self.runId());
        if (echo != null) {
            remote.confirmedUpTo = timeOfHeartbeat(echo, remote.confirmedUpTo);
        }
        if (message.isLeaving()) {
            remotePlanes.remove(message.origin().runId());
        }
    }

    /** Null if there are too many planes. */
    private RemotePlane addPlane(SiteMessage message) {
        if (remotePlanes.size() == MAX_PLANES) {
            tooManyPlanes = true;
            return null;
        }
        var remote = new RemotePlane(message.origin().plane());
        remotePlanes.put(message.origin().runId(), remote);
        return remote;
    }

    private boolean isSilent(RemotePlane remote) {
        return clockNanos.getAsLong() - remote.lastHeardNanos > trustedNanos;
    }

    /** Forgets silent planes that restarted or timed out. They may not have announced their last acknowledgements. */
    private void forgetSilentPlanes() {
        long now = clockNanos.getAsLong();
        if (remotePlanes
                .values()
                .removeIf(remote -> now - remote.lastHeardNanos > silentPlaneTimeoutNanos
                        || (isSilent(remote) && hasRestarted(remote.plane)))) {
            agreement.retain(remotePlanes.keySet());
            events.missed();
            raiseFence();
        }
    }

    /** Whether another run of the plane is present, so that the earlier run has ended. */
    private boolean hasRestarted(String plane) {
        return plane.equals(self.plane())
                || remotePlanes.values().stream().anyMatch(remote -> remote.plane.equals(plane) && !isSilent(remote));
    }

    private long timeOfHeartbeat(long number, long otherwise) {
        return number > heartbeat - MAX_HEARTBEATS && number > 0 && number <= heartbeat
                ? Math.max(heartbeatTimes[(int) (number % MAX_HEARTBEATS)], otherwise)
                : otherwise;
    }

    private void updateConfirmed() {
        if (tooManyPlanes || 1 + remotePlanes.size() < minPlanes || clockNanos.getAsLong() < settledAtNanos) {
            confirmedUpTo = 0;
            return;
        }
        long upTo = ownConfirmedUpTo;
        for (var remote : remotePlanes.values()) {
            upTo = Math.min(upTo, remote.confirmedUpTo);
        }
        confirmedUpTo = upTo;
    }
}
