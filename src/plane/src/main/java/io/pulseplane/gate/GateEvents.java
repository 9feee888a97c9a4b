package io.pulseplane.gate;

/** What happens at the gate, for those who count. Called often, from several threads; must not block. */
public interface GateEvents {

    /** How a request fared. */
    enum Outcome {
        PERMITTED,
        UNAUTHENTICATED,
        REFUSED,
        MALFORMED,
        LIMITED,
        UNAVAILABLE
    }

    /** A request was decided on. @param action in the policy's words; empty for an rpc without a rule */
    void decided(String action, Outcome outcome);

    /** A connection was refused, because its address has too many. */
    void connectionRefused();

    /** A call was ended that had been permitted: consent was withdrawn, or a token expired. */
    void callEnded();
}
