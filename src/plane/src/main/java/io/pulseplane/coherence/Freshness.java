package io.pulseplane.coherence;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How far this plane knows what the others did.
 *
 * <p>The promise of the site is kept here: <em>what is served from memory knows of everything that any plane acknowledged
 * longer ago than {@code maxStaleness}</em>, whatever becomes of Redis and of messages. No clocks are compared for it:
 *
 * <ul>
 *   <li>Each plane numbers its messages. Whoever finds one missing believes nothing that was read before it found out.
 *   <li>Each plane beats, and notes when. The others echo the last beat they heard, taken before they collect what they
 *       have to say. So who hears an echo of a beat, and missed no message, knows all that this plane acknowledged before
 *       that beat. What is known of all planes is known up to the earliest of these, and is trusted for six tenths of the
 *       bound.
 *   <li>When that is over, because Redis, a connection or a plane is slow or gone, what was read from the store is trusted
 *       for four tenths of the bound from when the store was asked: the store has one more reader, not as many as there are
 *       calls. A decision that was made by what was remembered stands as long again at most.
 *   <li>A plane that fell silent without a word is waited for: it may go on acknowledging. It is forgotten when another run
 *       of it is heard, or after {@code forgetAfter}.
 *   <li>A plane that has just begun to listen trusts nothing until every plane has had the time to be heard.
 * </ul>
 *
 * <p>What this cannot know of is a plane that has never been heard; hence the number of planes that are expected.
 */
final class Freshness {

    private static final int MAX_PLANES = 1_000;

    /** Beats whose time is remembered; at a heartbeat of a fifth of the bound or less, far longer than they matter. */
    private static final int MAX_HEARTBEATS = 256;

    private static final double TRUSTED_SHARE = 0.6;
    private static final double READ_TRUSTED_SHARE = 0.4;

    private static final class RemotePlane {
        private final String plane;
        private long sequence;
        private long confirmedUpTo;
        private long lastHeardNanos;
        private long heartbeat;
        private int keyId;
        private long generation;

        private RemotePlane(String plane) {
            this.plane = plane;
        }
    }

    private final SiteMessage.Origin self;
    private final int keyId;
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

    /** Up to when everything is known; 0 if that cannot be said. */
    private volatile long confirmedUpTo;

    /** What was complete before this may miss something. */
    private volatile long fenceNanos;

    private volatile long fenceCount;
    private volatile long generation;
    private boolean mixedKeys;
    private volatile boolean generationAgreed;

    /** @param nanos a clock that begins late enough for 0 to be long ago */
    Freshness(SiteMessage.Origin self, int keyId, RedisSettings settings, LongSupplier nanos, SiteEvents events) {
        this.self = self;
        this.keyId = keyId;
        this.minPlanes = settings.minPlanes();
        this.trustedNanos = (long) (settings.maxStaleness().toNanos() * TRUSTED_SHARE);
        this.readTrustedNanos = (long) (settings.maxStaleness().toNanos() * READ_TRUSTED_SHARE);
        this.silentPlaneTimeoutNanos = settings.silentPlaneTimeout().toNanos();
        this.clockNanos = nanos;
        this.events = events;
    }

    long now() {
        return clockNanos.getAsLong();
    }

    boolean isFresh(long asOf) {
        long now = clockNanos.getAsLong();
        return now - asOf <= readTrustedNanos || asOf >= fenceNanos && now - confirmedUpTo <= trustedNanos;
    }

    boolean isConfirmed() {
        return clockNanos.getAsLong() - confirmedUpTo <= trustedNanos;
    }

    /** Up to when everything is known that any plane acknowledged; 0 if it is too long ago to be of use. */
    long confirmedUpTo() {
        long upTo = confirmedUpTo;
        return clockNanos.getAsLong() - upTo <= trustedNanos ? upTo : 0;
    }

    /** Stays as it is while all is well; in doubt, for as long as what was just read may be trusted. */
    long epoch() {
        long now = clockNanos.getAsLong();
        return now - confirmedUpTo <= trustedNanos ? fenceCount : -1 - now / readTrustedNanos;
    }

    long readTrustedNanos() {
        return readTrustedNanos;
    }

    /** Of which generation values in Redis are that this plane has to keep from becoming stale; 0 if none. */
    long generation() {
        return generation;
    }

    /**
     * Of which generation values in Redis may be trusted, and written; 0 if none. None until every plane has said that it
     * keeps that generation from becoming stale.
     */
    long trustedGeneration() {
        return generationAgreed ? generation : 0;
    }

    synchronized int planeCount() {
        return 1 + remotePlanes.size();
    }

    /** From now on messages come in. Until every plane can have been heard, that is all that is known. */
    synchronized void startListening() {
        restartSettling();
        raiseFence();
    }

    /** No messages come in any more. */
    synchronized void stopListening() {
        settledAtNanos = Long.MAX_VALUE;
        updateConfirmed();
    }

    private void restartSettling() {
        settledAtNanos = clockNanos.getAsLong() + trustedNanos;
        updateConfirmed();
    }

    private void raiseFence() {
        fenceNanos = clockNanos.getAsLong();
        fenceCount++;
    }

    /** Something came in that cannot be read: there is a plane that cannot be heard. */
    synchronized void receiveUnreadable() {
        if (settledAtNanos != Long.MAX_VALUE) {
            restartSettling();
        }
        raiseFence();
    }

    /** To be taken before what is going to be said is collected. */
    synchronized Map<Long, Long> echoes() {
        var echoes = LinkedHashMap.<Long, Long>newLinkedHashMap(remotePlanes.size());
        remotePlanes.forEach((run, peer) -> echoes.put(run, peer.heartbeat));
        return echoes;
    }

    /** Begins a new beat. */
    synchronized void heartbeat() {
        heartbeat++;
        heartbeatTimes[(int) (heartbeat % MAX_HEARTBEATS)] = clockNanos.getAsLong();
        if (generation == 0 && clockNanos.getAsLong() >= settledAtNanos) {
            // Nobody there who could say what may be trusted: nothing that is there now.
            nextGeneration();
        }
        forgetSilentPlanes();
        updateAgreement();
        updateConfirmed();
    }

    /** @param kept of which generation no value is stale by what was stored here before this is said */
    synchronized SiteMessage nextMessage(long kept, Map<Long, Long> echoes, SiteMessage.Changes changes) {
        return new SiteMessage(self, ++sequence, kept, keyId, heartbeat, echoes, false, changes);
    }

    synchronized SiteMessage lastMessage() {
        return new SiteMessage(
                self, ++sequence, generation, keyId, heartbeat, Map.of(), true, SiteMessage.Changes.NONE);
    }

    /** Something that had to be said was not: whoever is spoken to next will miss it. */
    synchronized void skipSequence() {
        sequence++;
    }

    /**
     * Values in Redis may not be what they should be: none that is there now is to be trusted by anybody. Grows with time,
     * so that it is greater than any that others have come to, and with a share of chance, so that it is nobody else's.
     */
    synchronized void nextGeneration() {
        long byTime = System.currentTimeMillis() << 20 | Math.floorMod(self.runId(), 1L << 20);
        generation = Math.max(byTime, (generation | (1L << 20) - 1) + 1 + Math.floorMod(self.runId(), 1L << 20));
        updateAgreement();
    }

    /** @return whether something may have been missed */
    synchronized boolean receive(SiteMessage message) {
        long before = fenceCount;
        if (message.origin().runId() == self.runId()) {
            ownConfirmedUpTo = timeOfHeartbeat(message.heartbeat(), ownConfirmedUpTo);
        } else if (message.isLeaving()
                && !remotePlanes.containsKey(message.origin().runId())) {
            // Somebody leaves who was not there for us.
            raiseFence();
        } else {
            receiveFromRemote(message);
        }
        updateConfirmed();
        return fenceCount != before;
    }

    private void receiveFromRemote(SiteMessage message) {
        var peer = remotePlanes.get(message.origin().runId());
        if (peer == null) {
            peer = addPlane(message);
            if (peer == null) {
                return;
            }
        }
        if (message.sequence() <= peer.sequence) {
            // From a connection that was given up since: it was taken for lost, and that it says has been noted.
            return;
        }
        if (message.sequence() > peer.sequence + 1) {
            if (peer.sequence > 0) {
                events.missed();
            }
            raiseFence();
        }
        if (message.generation() > generation) {
            if (generation != 0) {
                raiseFence();
            }
            generation = message.generation();
        }
        peer.sequence = message.sequence();
        peer.lastHeardNanos = clockNanos.getAsLong();
        peer.heartbeat = Math.max(peer.heartbeat, message.heartbeat());
        peer.keyId = message.keyId();
        peer.generation = message.generation();
        var echo = message.echoes().get(self.runId());
        if (echo != null) {
            peer.confirmedUpTo = timeOfHeartbeat(echo, peer.confirmedUpTo);
        }
        if (message.isLeaving()) {
            remotePlanes.remove(message.origin().runId());
        }
        updateAgreement();
    }

    /** Null if there is no room. */
    private RemotePlane addPlane(SiteMessage message) {
        if (remotePlanes.size() == MAX_PLANES) {
            tooManyPlanes = true;
            return null;
        }
        var peer = new RemotePlane(message.origin().plane());
        remotePlanes.put(message.origin().runId(), peer);
        return peer;
    }

    private boolean isSilent(RemotePlane peer) {
        return clockNanos.getAsLong() - peer.lastHeardNanos > trustedNanos;
    }

    /** What they acknowledged last they may not have lived to say. */
    private void forgetSilentPlanes() {
        long now = clockNanos.getAsLong();
        if (remotePlanes
                .values()
                .removeIf(peer -> now - peer.lastHeardNanos > silentPlaneTimeoutNanos
                        || isSilent(peer) && hasRestarted(peer.plane))) {
            events.missed();
            raiseFence();
        }
    }

    /** Whether another run of the plane is there: then the one before is not any more. */
    private boolean hasRestarted(String plane) {
        return plane.equals(self.plane())
                || remotePlanes.values().stream().anyMatch(peer -> peer.plane.equals(plane) && !isSilent(peer));
    }

    private void updateAgreement() {
        // Names of values depend on the key: planes with different ones do not see each other's.
        boolean mixed = remotePlanes.values().stream().anyMatch(peer -> peer.keyId != keyId);
        boolean newlyMixed = mixed && !mixedKeys;
        mixedKeys = mixed;
        if (newlyMixed) {
            nextGeneration();
            return;
        }
        generationAgreed = !mixed && remotePlanes.values().stream().allMatch(peer -> peer.generation == generation);
    }

    private long timeOfHeartbeat(long itsBeat, long otherwise) {
        return itsBeat > heartbeat - MAX_HEARTBEATS && itsBeat > 0 && itsBeat <= heartbeat
                ? Math.max(heartbeatTimes[(int) (itsBeat % MAX_HEARTBEATS)], otherwise)
                : otherwise;
    }

    private void updateConfirmed() {
        if (tooManyPlanes || 1 + remotePlanes.size() < minPlanes || clockNanos.getAsLong() < settledAtNanos) {
            confirmedUpTo = 0;
            return;
        }
        long upTo = ownConfirmedUpTo;
        for (var peer : remotePlanes.values()) {
            upTo = Math.min(upTo, peer.confirmedUpTo);
        }
        confirmedUpTo = upTo;
    }
}
