package io.pulseplane.gate;

import com.google.protobuf.MessageLite;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Requests of one call in the order in which they came, from when they could not be handed over at once until they are.
 * Several may be decided on at a time: their records then share a sync.
 */
final class PendingRequests<Q> {

    /** Twice the largest message. An endpoint may ask for many messages, but not for many large ones. */
    static final long MAX_BYTES = 8 << 20;

    /** A request, and what has become of it. */
    static final class PendingRequest<Q> {

        private enum State {
            UNDECIDED,
            DECIDING,
            PERMITTED,
            REFUSED
        }

        private final Q request;
        private State state = State.UNDECIDED;
        private AccessRequest accessRequest;
        private GrantCache.Basis basis;
        private CompletionStage<Void> decision;
        private Throwable refusal;

        PendingRequest(Q request) {
            this.request = request;
        }

        Q request() {
            return request;
        }

        /** What it asks for, where that is to be remembered if it is permitted; else null. */
        AccessRequest accessRequest() {
            return accessRequest;
        }

        /** What the decision is made by. */
        GrantCache.Basis basis() {
            return basis;
        }

        /** What it waits for; null if for nothing. */
        CompletionStage<Void> decision() {
            return decision;
        }

        /** Null if it is permitted. */
        Throwable refusal() {
            return refusal;
        }

        boolean isUndecided() {
            return state == State.UNDECIDED;
        }

        boolean isDecided() {
            return state == State.PERMITTED || state == State.REFUSED;
        }

        void awaitDecision(AccessRequest what, GrantCache.Basis by, CompletionStage<Void> stage) {
            accessRequest = what;
            basis = by;
            decision = stage;
            state = State.DECIDING;
            if (stage == DecisionPoint.PERMITTED) {
                permit();
            }
        }

        void permit() {
            state = State.PERMITTED;
            decision = null;
        }

        void refuse(Throwable problem) {
            state = State.REFUSED;
            refusal = problem;
            decision = null;
        }
    }

    /** Null until something has to wait, which most requests never do. */
    private Deque<PendingRequest<Q>> entries;

    private long bytes;

    /** Puts one more at the end; whether there was room for it. */
    boolean add(PendingRequest<Q> entry) {
        entries = entries == null ? new ArrayDeque<>() : entries;
        entries.add(entry);
        bytes += sizeBytes(entry.request);
        return bytes <= MAX_BYTES;
    }

    boolean isEmpty() {
        return entries == null || entries.isEmpty();
    }

    /** Null if there is none. */
    PendingRequest<Q> first() {
        return entries == null ? null : entries.peek();
    }

    void removeFirst() {
        bytes -= sizeBytes(entries.remove().request);
    }

    Iterable<PendingRequest<Q>> entries() {
        return entries == null ? List.of() : entries;
    }

    /** A decision that some wait for was made. @param failure null if it permits */
    void resolve(CompletionStage<Void> decision, Throwable failure) {
        for (var entry : entries()) {
            if (entry.decision == decision) {
                if (failure == null) {
                    entry.permit();
                } else {
                    entry.refuse(failure);
                }
            }
        }
    }

    void clear() {
        entries = null;
        bytes = 0;
    }

    private static int sizeBytes(Object request) {
        return request instanceof MessageLite message ? message.getSerializedSize() : 0;
    }
}
