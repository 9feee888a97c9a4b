package io.pulseplane.gate;

import io.grpc.MethodDescriptor;
import java.util.Optional;
import java.util.function.Function;

/**
 * How the gate reads the requests of one rpc.
 *
 * @param access what a request asks for; throws {@link io.pulseplane.vitals.Problem.Invalid} where it does not say, and
 *     {@link io.pulseplane.vitals.Problem.Exhausted} where it is too large to be read
 * @param answersRefusals whether the endpoint answers a refused request itself, in its stream of answers, by asking
 *     {@link Refusal#throwIfAny}. Everywhere else a refusal ends the call, so that an endpoint that forgets to ask is never
 *     given what was refused.
 */
public record Rule<Q>(Action action, Function<Q, Access> access, boolean answersRefusals) {

    /** The rules of a plane. */
    @FunctionalInterface
    public interface Book {

        /** Empty for an rpc without a rule, which nobody may call. */
        <Q> Optional<Rule<Q>> of(MethodDescriptor<Q, ?> method);
    }
}
