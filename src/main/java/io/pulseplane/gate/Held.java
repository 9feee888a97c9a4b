package io.pulseplane.gate;

import com.google.protobuf.MessageLite;
import java.util.ArrayDeque;
import java.util.Deque;

/** Requests of one call that wait to be decided on, in their order. */
final class Held<Q> {

    /** Twice the largest message. An endpoint may ask for many messages, but not for many large ones. */
    static final long MAX_BYTES = 8 << 20;

    /** Null until something has to wait, which most requests never do. */
    private Deque<Q> requests;

    private long bytes;

    /** Takes one more; whether there was room for it. */
    boolean add(Q request) {
        requests = requests == null ? new ArrayDeque<>() : requests;
        requests.add(request);
        bytes += size(request);
        return bytes <= MAX_BYTES;
    }

    boolean isEmpty() {
        return requests == null || requests.isEmpty();
    }

    Q next() {
        var request = requests.remove();
        bytes -= size(request);
        return request;
    }

    void clear() {
        requests = null;
        bytes = 0;
    }

    private static int size(Object request) {
        return request instanceof MessageLite message ? message.getSerializedSize() : 0;
    }
}
