package io.pulseplane.ingest;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.pulseplane.store.Registry;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;

/** Whether readings of patients and devices that nobody registered are taken. */
public final class Registration {

    /** What to do with readings of a patient or device that is not in the registry. */
    public enum Policy {
        /** Take them, and register both with what is known. */
        ACCEPT,
        /** Refuse the batch. */
        REFUSE
    }

    private static final int REMEMBERED = 100_000;

    private final Policy policy;
    private final Registry registry;

    /** Only those that were found: who is registered stays so, who is not may be a moment later. */
    private final Cache<Subject, Boolean> registered;

    public Registration(Policy policy, Registry registry) {
        this.policy = policy;
        this.registry = registry;
        this.registered = Caffeine.newBuilder()
                .maximumSize(REMEMBERED)
                .executor(Runnable::run)
                .build();
    }

    /** Fails with {@code Unmet} if the batch must not be taken yet. */
    Uni<Void> check(Batch batch) {
        return switch (policy) {
            case ACCEPT -> Uni.createFrom().voidItem();
            case REFUSE ->
                check(new Subject.OfDevice(batch.device()), "device")
                        .chain(() -> check(new Subject.OfPatient(batch.patient()), "patient"));
        };
    }

    private Uni<Void> check(Subject subject, String what) {
        if (registered.getIfPresent(subject) != null) {
            return Uni.createFrom().voidItem();
        }
        return registry.knows(subject)
                .invoke(known -> {
                    if (!known) {
                        throw new Problem.Unmet("this " + what + " has to be registered first");
                    }
                    registered.put(subject, true);
                })
                .replaceWithVoid();
    }
}
