package io.pulseplane.store;

/** What the guard around the questions to a server does, for those who count. Called often, from several threads; must not block. */
public interface GuardEvents {

    GuardEvents NONE = new GuardEvents() {};

    /** Where it did not just let a question through. */
    enum Intervention {
        /** It took too long. */
        TIMEOUT,
        /** It failed, and is asked again. */
        RETRY,
        /** Too many were under way. */
        REJECTED,
        /** The circuit breaker was open. */
        PREVENTED
    }

    default void intervened(Intervention how) {}

    /** The circuit breaker changed its state. @param state in the words of SmallRye Fault Tolerance */
    default void circuitBreakerChanged(String state) {}
}
