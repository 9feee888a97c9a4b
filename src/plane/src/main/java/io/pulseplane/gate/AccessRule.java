package io.pulseplane.gate;

import io.grpc.MethodDescriptor;
import java.util.Optional;
import java.util.function.Function;

/**
 * How the gate reads the requests of one rpc.
 *
 * @param access what a request asks for; throws {@link io.pulseplane.vitals.PlaneException.InvalidArgument} where it does not say, and
 *     {@link io.pulseplane.vitals.PlaneException.ResourceExhausted} where it is too large to be read
 * @param answersRefusals whether the endpoint answers a refused request itself, in its stream of answers, by asking
 *     {@link Refusal#throwIfAny}. Everywhere else a refusal ends the call, so that an endpoint that forgets to ask is never
 *     given what was refused.
 */
public record AccessRule<Q>(Action action, Function<Q, Access> access, boolean answersRefusals) {

    /** The rules of a plane. */
    @FunctionalInterface
    public interface Rulebook {

        /** Empty for an rpc without a rule, which nobody may call. */
        <Q> Optional<AccessRule<Q>> find(MethodDescriptor<Q, ?> method);
    }
}
