package io.pulseplane.store;

/**
 * Receives what the fault tolerance around calls to PostgreSQL or Redis does, for metrics. Several threads call it,
 * often; it must not block.
 */
public interface GuardEvents {

    GuardEvents NONE = new GuardEvents() {};

    /** A case in which the guard did more than pass a call on. */
    enum Intervention {
        /** The call took too long. */
        TIMEOUT,
        /** The call failed, and the guard retries it. */
        RETRY,
        /** Too many calls were running. */
        REJECTED,
        /** The circuit breaker was open. */
        PREVENTED
    }

    default void intervened(Intervention intervention) {}

    /**
     * The circuit breaker changed its state.
     *
     * @param state the name of the state in SmallRye Fault Tolerance
     */
    default void circuitBreakerChanged(String state) {}
}
