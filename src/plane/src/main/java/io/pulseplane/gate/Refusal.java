package io.pulseplane.gate;

import io.grpc.Context;
import io.pulseplane.vitals.PlaneException;
import java.util.Optional;

/** Why one request of a stream was refused, for the endpoint that answers it in its place. */
public final class Refusal {

    static final Context.Key<PlaneException> KEY = Context.key("pulseplane-refusal");

    private Refusal() {}

    /** Why the request being handed over was refused; empty if it was not. */
    public static Optional<PlaneException> current() {
        return Optional.ofNullable(KEY.get());
    }

    /** Throws why the request being handed over was refused, if it was. */
    public static void throwIfAny() {
        var refusal = KEY.get();
        if (refusal != null) {
            throw refusal;
        }
    }
}
