package io.pulseplane.gate;

import io.grpc.MethodDescriptor;
import java.util.Optional;
import java.util.function.Function;

/**
 * How the gate reads the requests of one rpc.
 *
 * @param access reads which data a request concerns. Throws {@link io.pulseplane.vitals.PlaneException.InvalidArgument}
 *     if the request does not say, and {@link io.pulseplane.vitals.PlaneException.ResourceExhausted} if it is too large
 *     to be read
 * @param answersRefusals whether the endpoint itself answers a refused request in its stream of responses, by calling
 *     {@link Refusal#throwIfAny}. For all other rpcs a refusal ends the call, so an endpoint that forgets to check
 *     never gets a refused request.
 */
public record AccessRule<Q>(Action action, Function<Q, Access> access, boolean answersRefusals) {

    /** The rules for all rpcs of a plane. */
    @FunctionalInterface
    public interface Rulebook {

        /** Empty for an rpc without a rule. Nobody may call such an rpc. */
        <Q> Optional<AccessRule<Q>> find(MethodDescriptor<Q, ?> method);
    }
}
