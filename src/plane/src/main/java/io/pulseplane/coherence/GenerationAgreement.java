package io.pulseplane.coherence;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * Agrees with the other planes on the generation of values in Redis. The generation is part of the values' names, so a
 * new one makes all old values unreachable.
 *
 * <p>Every plane invalidates the values of the highest generation that it knows. A plane trusts a generation only when
 * all planes have announced it, and when all of them seal with the same key: with different keys, the planes use
 * different names and do not see each other's values.
 *
 * <p>{@link Freshness} calls this class under its lock. Any thread may read {@link #generation} and {@link #trusted}.
 */
final class GenerationAgreement {

    private static final int RANDOM_BITS = 20;

    private record Announcement(int keyId, long generation) {}

    private final long runId;
    private final int keyId;
    private final Map<Long, Announcement> announcements = new HashMap<>();
    private boolean keysDiffer;
    private volatile long generation;
    private volatile long trusted;

    GenerationAgreement(long runId, int keyId) {
        this.runId = runId;
        this.keyId = keyId;
    }

    int keyId() {
        return keyId;
    }

    /** The generation whose values this plane invalidates; 0 if it knows of none. */
    long generation() {
        return generation;
    }

    /** The generation whose values this plane may read and write; 0 if there is none. */
    long trusted() {
        return trusted;
    }

    /**
     * Begins a generation, because values in Redis may be stale. The number grows with time, so it is higher than those
     * of other planes, and it contains bits of the random run id, so no other plane chooses the same.
     */
    void next() {
        long random = Math.floorMod(runId, 1L << RANDOM_BITS);
        long byTime = (System.currentTimeMillis() << RANDOM_BITS) | random;
        long afterCurrent = (generation | ((1L << RANDOM_BITS) - 1)) + 1 + random;
        change(Math.max(byTime, afterCurrent));
        update();
    }

    /**
     * Notes what another plane announces in its message.
     *
     * @return whether the message replaced a generation that this plane used before
     */
    boolean receive(SiteMessage message) {
        boolean replaced = generation != 0 && message.generation() > generation;
        if (message.generation() > generation) {
            change(message.generation());
        }
        long origin = message.origin().runId();
        if (message.isLeaving()) {
            announcements.remove(origin);
        } else {
            announcements.put(origin, new Announcement(message.keyId(), message.generation()));
        }
        update();
        return replaced;
    }

    /** Forgets all other runs of planes. */
    void retain(Collection<Long> runIds) {
        announcements.keySet().retainAll(runIds);
        update();
    }

    private void change(long newGeneration) {
        // No thread may ever see the new generation as trusted before the planes agree on it.
        trusted = 0;
        generation = newGeneration;
    }

    private void update() {
        boolean differed = keysDiffer;
        keysDiffer = announcements.values().stream().anyMatch(announcement -> announcement.keyId != keyId);
        if (keysDiffer && !differed) {
            next();
            return;
        }
        boolean agreed =
                announcements.values().stream().allMatch(announcement -> announcement.generation == generation);
        trusted = agreed && !keysDiffer ? generation : 0;
    }
}
