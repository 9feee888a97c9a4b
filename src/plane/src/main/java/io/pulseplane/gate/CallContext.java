package io.pulseplane.gate;

import io.grpc.StatusRuntimeException;
import io.pulseplane.gate.token.Authenticator;
import java.util.function.Function;

/**
 * What a call needs of the gate it passes.
 *
 * @param statuses what the caller hears of a problem
 */
record CallContext(
        Authenticator authenticator,
        Admission admission,
        DecisionPoint judge,
        GrantTerms terms,
        Function<Throwable, StatusRuntimeException> statuses) {}
