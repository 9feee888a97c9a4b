package io.pulseplane.gate;

import com.google.protobuf.MessageLite;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Requests of one call that wait for a decision, in the order in which they came. Several of them may be under decision
 * at a time; their audit records then share a sync.
 */
final class PendingRequests<Q> {

    /** Twice the largest message. An endpoint may request many messages, but only few large ones may wait. */
    static final long MAX_BYTES = 8 << 20;

    /** A request and its decision. */
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

        /** What was decided on; null before that, and if the request could not be read. */
        AccessRequest accessRequest() {
            return accessRequest;
        }

        /** What the decision rests on; null for unary calls. */
        GrantCache.Basis basis() {
            return basis;
        }

        /** The decision that the request waits for; null if it does not wait. */
        CompletionStage<Void> decision() {
            return decision;
        }

        /** Why the request was refused; null if it was not. */
        Throwable refusal() {
            return refusal;
        }

        boolean isUndecided() {
            return state == State.UNDECIDED;
        }

        boolean isDecided() {
            return state == State.PERMITTED || state == State.REFUSED;
        }

        void awaitDecision(AccessRequest accessRequest, GrantCache.Basis basis, CompletionStage<Void> decision) {
            this.accessRequest = accessRequest;
            this.basis = basis;
            this.decision = decision;
            state = State.DECIDING;
            if (decision == DecisionPoint.PERMITTED) {
                permit();
            }
        }

        void permit() {
            state = State.PERMITTED;
            decision = null;
        }

        void refuse(Throwable cause) {
            state = State.REFUSED;
            refusal = cause;
            decision = null;
        }
    }

    /** Null until a request has to wait, which most never do. */
    private Deque<PendingRequest<Q>> entries;

    private long bytes;

    /** Adds a request at the end. Returns false if more bytes wait now than the bound. */
    boolean add(PendingRequest<Q> entry) {
        entries = entries == null ? new ArrayDeque<>() : entries;
        entries.add(entry);
        bytes += sizeBytes(entry.request);
        return bytes <= MAX_BYTES;
    }

    boolean isEmpty() {
        return entries == null || entries.isEmpty();
    }

    /** Returns null if no request waits. */
    PendingRequest<Q> first() {
        return entries == null ? null : entries.peek();
    }

    void removeFirst() {
        bytes -= sizeBytes(entries.remove().request);
    }

    Iterable<PendingRequest<Q>> entries() {
        return entries == null ? List.of() : entries;
    }

    /**
     * Takes a decision for all requests that wait for it.
     *
     * @param failure null if the decision permits
     */
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
