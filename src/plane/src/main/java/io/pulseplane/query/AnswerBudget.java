package io.pulseplane.query;

import io.pulseplane.vitals.PlaneException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Bounds the memory of all answers under way: what their queries have read, what they compute, and what waits for slow
 * clients. One subject has at most a quarter of it, so it cannot take the answers of the others.
 *
 * <p>An answer holds bytes in steps of a page or a table, never for each reading.
 */
public final class AnswerBudget {

    /** One subject has at most this part of the budget. */
    private static final int SHARES = 4;

    /** What an answer takes before it has read anything. This bounds the number of answers too. */
    static final long BASE_BYTES = 16 << 10;

    /** What is queued for an answer is held in steps of this size, so that most of it passes no lock of all answers. */
    static final long QUEUE_STEP_BYTES = 16 << 10;

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final long maxBytes;
    private final long maxBytesPerSubject;
    private long usedBytes;

    /** Has subjects with answers under way only. */
    private final Map<String, Long> bytesBySubject = new HashMap<>();

    public AnswerBudget(long maxBytes) {
        this.maxBytes = maxBytes;
        this.maxBytesPerSubject = maxBytes / SHARES;
    }

    /** A budget that no answer exceeds. */
    public static AnswerBudget unbounded() {
        return new AnswerBudget(Long.MAX_VALUE);
    }

    public synchronized long usedBytes() {
        return usedBytes;
    }

    /**
     * Opens the account of a new answer.
     *
     * @param subject who asks; empty for callers without an identity, who share one part
     * @throws PlaneException.ResourceExhausted if the subject, or all together, have too many answers under way
     */
    public Account open(String subject) {
        var account = new Account(subject);
        account.hold(BASE_BYTES);
        return account;
    }

    private synchronized void reserve(String subject, long bytes) {
        long used = bytesBySubject.getOrDefault(subject, 0L);
        if (bytes > maxBytesPerSubject - used) {
            throw new PlaneException.ResourceExhausted("too many bytes of this caller's answers wait", RETRY_AFTER);
        }
        if (bytes > maxBytes - usedBytes) {
            throw new PlaneException.ResourceExhausted("too many bytes of answers wait", RETRY_AFTER);
        }
        usedBytes += bytes;
        bytesBySubject.put(subject, used + bytes);
    }

    private synchronized void free(String subject, long bytes) {
        usedBytes -= bytes;
        bytesBySubject.computeIfPresent(subject, (_, used) -> used == bytes ? null : used - bytes);
    }

    /** The bytes of one answer. Several threads may use it. */
    public final class Account implements AutoCloseable {

        private final String subject;
        private long heldBytes;
        private boolean closed;

        /** The part of the held bytes that is for what is queued. */
        private volatile long queueBytes;

        private Account(String subject) {
            this.subject = subject;
        }

        /** Who asks. */
        public String subject() {
            return subject;
        }

        /** @throws PlaneException.ResourceExhausted if there is no room for the bytes */
        public synchronized void hold(long bytes) {
            if (!closed && bytes > 0) {
                reserve(subject, bytes);
                heldBytes += bytes;
            }
        }

        public synchronized void release(long bytes) {
            if (!closed && bytes > 0) {
                heldBytes -= bytes;
                free(subject, bytes);
            }
        }

        /**
         * Holds as much as the queue of this answer needs now, rounded up to a step or two. Most calls change nothing
         * and take no lock.
         *
         * @param bytes the size of the whole queue
         * @throws PlaneException.ResourceExhausted if there is no room; then the account holds what it held before
         */
        public void coverQueue(long bytes) {
            long covered = queueBytes;
            if (bytes > covered || covered - bytes > 2 * QUEUE_STEP_BYTES) {
                resizeQueue(bytes);
            }
        }

        /**
         * Holds less if the queue needs less than it did. Never fails, so who takes from the queue may call it while
         * another thread adds to it.
         */
        public void shrinkQueue(long bytes) {
            if (queueBytes - bytes > 2 * QUEUE_STEP_BYTES) {
                synchronized (this) {
                    if (queueBytes > bytes) {
                        resizeQueue(bytes);
                    }
                }
            }
        }

        private synchronized void resizeQueue(long bytes) {
            long target = (bytes + QUEUE_STEP_BYTES - 1) / QUEUE_STEP_BYTES * QUEUE_STEP_BYTES;
            hold(target - queueBytes);
            release(queueBytes - target);
            queueBytes = target;
        }

        /** Releases everything. What the answer still does after its end is not counted, as it stops at once. */
        @Override
        public synchronized void close() {
            if (!closed) {
                closed = true;
                free(subject, heldBytes);
            }
        }
    }
}
