package io.pulseplane.cache;

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
final class Standing {

    private static final int MAX_PLANES = 1_000;

    /** Beats whose time is remembered; at a heartbeat of a fifth of the bound or less, far longer than they matter. */
    private static final int BEATS = 256;

    private static final double TRUSTED = 0.6;
    private static final double READ_TRUSTED = 0.4;

    private static final class Peer {
        private final String plane;
        private long sequence;
        private long confirmed;
        private long heardAt;
        private long beat;
        private int keyId;
        private long generation;

        private Peer(String plane) {
            this.plane = plane;
        }
    }

    private final Message.Origin self;
    private final int keyId;
    private final int planes;
    private final long trustedNanos;
    private final long readTrustedNanos;
    private final long forgetNanos;
    private final LongSupplier nanos;
    private final SiteEvents events;

    private final Map<Long, Peer> peers = new HashMap<>();
    private final long[] beatTimes = new long[BEATS];
    private long beat;
    private long ownConfirmed;
    private long sequence;
    private long settledAt = Long.MAX_VALUE;
    private boolean crowded;

    /** Up to when everything is known; 0 if that cannot be said. */
    private volatile long confirmed;

    /** What was complete before this may miss something. */
    private volatile long fence;

    private volatile long fences;
    private volatile long generation;
    private boolean mixedKeys;
    private volatile boolean agreed;

    /** @param nanos a clock that begins late enough for 0 to be long ago */
    Standing(Message.Origin self, int keyId, RedisSettings settings, LongSupplier nanos, SiteEvents events) {
        this.self = self;
        this.keyId = keyId;
        this.planes = settings.planes();
        this.trustedNanos = (long) (settings.maxStaleness().toNanos() * TRUSTED);
        this.readTrustedNanos = (long) (settings.maxStaleness().toNanos() * READ_TRUSTED);
        this.forgetNanos = settings.forgetAfter().toNanos();
        this.nanos = nanos;
        this.events = events;
    }

    long now() {
        return nanos.getAsLong();
    }

    boolean holds(long asOf) {
        long now = nanos.getAsLong();
        return now - asOf <= readTrustedNanos || asOf >= fence && now - confirmed <= trustedNanos;
    }

    boolean isConfirmed() {
        return nanos.getAsLong() - confirmed <= trustedNanos;
    }

    /** Up to when everything is known that any plane acknowledged; 0 if it is too long ago to be of use. */
    long confirmed() {
        long upTo = confirmed;
        return nanos.getAsLong() - upTo <= trustedNanos ? upTo : 0;
    }

    /** Stays as it is while all is well; in doubt, for as long as what was just read may be trusted. */
    long epoch() {
        long now = nanos.getAsLong();
        return now - confirmed <= trustedNanos ? fences : -1 - now / readTrustedNanos;
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
        return agreed ? generation : 0;
    }

    synchronized int planes() {
        return 1 + peers.size();
    }

    /** From now on messages come in. Until every plane can have been heard, that is all that is known. */
    synchronized void listening() {
        settleAnew();
        raiseFence();
    }

    /** No messages come in any more. */
    synchronized void deaf() {
        settledAt = Long.MAX_VALUE;
        confirm();
    }

    private void settleAnew() {
        settledAt = nanos.getAsLong() + trustedNanos;
        confirm();
    }

    private void raiseFence() {
        fence = nanos.getAsLong();
        fences++;
    }

    /** Something came in that cannot be read: there is a plane that cannot be heard. */
    synchronized void unreadable() {
        if (settledAt != Long.MAX_VALUE) {
            settleAnew();
        }
        raiseFence();
    }

    /** To be taken before what is going to be said is collected. */
    synchronized Map<Long, Long> echoes() {
        var echoes = LinkedHashMap.<Long, Long>newLinkedHashMap(peers.size());
        peers.forEach((run, peer) -> echoes.put(run, peer.beat));
        return echoes;
    }

    /** Begins a new beat. */
    synchronized void beat() {
        beat++;
        beatTimes[(int) (beat % BEATS)] = nanos.getAsLong();
        if (generation == 0 && nanos.getAsLong() >= settledAt) {
            // Nobody there who could say what may be trusted: nothing that is there now.
            nextGeneration();
        }
        forgetTheSilent();
        agree();
        confirm();
    }

    /** @param kept of which generation no value is stale by what was stored here before this is said */
    synchronized Message next(long kept, Map<Long, Long> echoes, Message.Changes changes) {
        return new Message(self, ++sequence, kept, keyId, beat, echoes, false, changes);
    }

    synchronized Message last() {
        return new Message(self, ++sequence, generation, keyId, beat, Map.of(), true, Message.Changes.NONE);
    }

    /** Something that had to be said was not: whoever is spoken to next will miss it. */
    synchronized void skip() {
        sequence++;
    }

    /**
     * Values in Redis may not be what they should be: none that is there now is to be trusted by anybody. Grows with time,
     * so that it is greater than any that others have come to, and with a share of chance, so that it is nobody else's.
     */
    synchronized void nextGeneration() {
        long byTime = System.currentTimeMillis() << 20 | Math.floorMod(self.run(), 1L << 20);
        generation = Math.max(byTime, (generation | (1L << 20) - 1) + 1 + Math.floorMod(self.run(), 1L << 20));
        agree();
    }

    /** @return whether something may have been missed */
    synchronized boolean heard(Message message) {
        long before = fences;
        if (message.from().run() == self.run()) {
            ownConfirmed = timeOf(message.beat(), ownConfirmed);
        } else if (message.leaving() && !peers.containsKey(message.from().run())) {
            // Somebody leaves who was not there for us.
            raiseFence();
        } else {
            ofPeer(message);
        }
        confirm();
        return fences != before;
    }

    private void ofPeer(Message message) {
        var peer = peers.get(message.from().run());
        if (peer == null) {
            peer = arrived(message);
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
        peer.heardAt = nanos.getAsLong();
        peer.beat = Math.max(peer.beat, message.beat());
        peer.keyId = message.keyId();
        peer.generation = message.generation();
        var echo = message.echoes().get(self.run());
        if (echo != null) {
            peer.confirmed = timeOf(echo, peer.confirmed);
        }
        if (message.leaving()) {
            peers.remove(message.from().run());
        }
        agree();
    }

    /** Null if there is no room. */
    private Peer arrived(Message message) {
        if (peers.size() == MAX_PLANES) {
            crowded = true;
            return null;
        }
        var peer = new Peer(message.from().plane());
        peers.put(message.from().run(), peer);
        return peer;
    }

    private boolean isSilent(Peer peer) {
        return nanos.getAsLong() - peer.heardAt > trustedNanos;
    }

    /** What they acknowledged last they may not have lived to say. */
    private void forgetTheSilent() {
        long now = nanos.getAsLong();
        if (peers.values().removeIf(peer -> now - peer.heardAt > forgetNanos || isSilent(peer) && isBack(peer.plane))) {
            events.missed();
            raiseFence();
        }
    }

    /** Whether another run of the plane is there: then the one before is not any more. */
    private boolean isBack(String plane) {
        return plane.equals(self.plane())
                || peers.values().stream().anyMatch(peer -> peer.plane.equals(plane) && !isSilent(peer));
    }

    private void agree() {
        // Names of values depend on the key: planes with different ones do not see each other's.
        boolean mixed = peers.values().stream().anyMatch(peer -> peer.keyId != keyId);
        boolean newlyMixed = mixed && !mixedKeys;
        mixedKeys = mixed;
        if (newlyMixed) {
            nextGeneration();
            return;
        }
        agreed = !mixed && peers.values().stream().allMatch(peer -> peer.generation == generation);
    }

    private long timeOf(long itsBeat, long otherwise) {
        return itsBeat > beat - BEATS && itsBeat > 0 && itsBeat <= beat
                ? Math.max(beatTimes[(int) (itsBeat % BEATS)], otherwise)
                : otherwise;
    }

    private void confirm() {
        if (crowded || 1 + peers.size() < planes || nanos.getAsLong() < settledAt) {
            confirmed = 0;
            return;
        }
        long upTo = ownConfirmed;
        for (var peer : peers.values()) {
            upTo = Math.min(upTo, peer.confirmed);
        }
        confirmed = upTo;
    }
}
