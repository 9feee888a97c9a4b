package io.pulseplane.gate;

/** Listener for what happens at the gate, such as metrics. Called often and by several threads; must not block. */
public interface GateEvents {

    /** The outcome of a request. */
    enum Outcome {
        PERMITTED,
        UNAUTHENTICATED,
        REFUSED,
        MALFORMED,
        LIMITED,
        UNAVAILABLE
    }

    /**
     * A request was decided on.
     *
     * @param action the label of the {@link Action}; empty if the gate refused before it knew the rule
     */
    void decided(String action, Outcome outcome);

    /** A connection was refused because its address has too many. */
    void connectionRefused();

    /** A connection ended before its TLS handshake did: a client without a trusted certificate, or one that gave up. */
    void handshakeFailed();

    /** A permitted call was ended because its permission ended: consent was withdrawn, or a token expired. */
    void callEnded();
}
