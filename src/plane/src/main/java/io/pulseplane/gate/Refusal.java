package io.pulseplane.gate;

import io.grpc.Context;
import io.pulseplane.vitals.PlaneException;
import java.util.Optional;

/** The reason why one request of a stream was refused, for endpoints that answer refused requests themselves. */
public final class Refusal {

    static final Context.Key<PlaneException> KEY = Context.key("pulseplane-refusal");

    private Refusal() {}

    /** Why the current request was refused; empty if it was not. */
    public static Optional<PlaneException> current() {
        return Optional.ofNullable(KEY.get());
    }

    /** Throws the reason if the current request was refused. */
    public static void throwIfAny() {
        var refusal = KEY.get();
        if (refusal != null) {
            throw refusal;
        }
    }
}
