package io.pulseplane.gate;

import io.grpc.StatusRuntimeException;
import io.pulseplane.gate.token.Authenticator;
import java.util.function.Function;

/**
 * The parts of the gate that a {@link GatedCall} uses.
 *
 * @param statuses translates a failure into the status for the caller
 */
record CallContext(
        Authenticator authenticator,
        Admission admission,
        DecisionPoint decisionPoint,
        GrantTerms grantTerms,
        Function<Throwable, StatusRuntimeException> statuses) {}
