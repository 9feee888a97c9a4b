package io.pulseplane.ingest;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.pulseplane.store.Registry;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;

/** Checks whether the plane accepts a batch of a patient or device that is not registered. */
public final class RegistrationCheck {

    /** How the plane treats a batch of a patient or device that is not in the registry. */
    public enum UnregisteredPolicy {
        /** Accept the batch, and register both with their ids. */
        ACCEPT,
        /** Refuse the batch. */
        REFUSE
    }

    private static final int MAX_CACHED_SUBJECTS = 100_000;

    private final UnregisteredPolicy policy;
    private final Registry registry;

    /** Caches only registered subjects: a registered subject stays so, another one may be registered at any time. */
    private final Cache<Subject, Boolean> registeredSubjects;

    public RegistrationCheck(UnregisteredPolicy policy, Registry registry) {
        this.policy = policy;
        this.registry = registry;
        this.registeredSubjects = Caffeine.newBuilder()
                .maximumSize(MAX_CACHED_SUBJECTS)
                .executor(Runnable::run)
                .build();
    }

    /** Fails with {@code FailedPrecondition} if the patient or device of the batch must be registered first. */
    Uni<Void> check(Batch batch) {
        return switch (policy) {
            case ACCEPT -> Uni.createFrom().voidItem();
            case REFUSE ->
                check(new Subject.OfDevice(batch.device()), "device")
                        .chain(() -> check(new Subject.OfPatient(batch.patient()), "patient"));
        };
    }

    private Uni<Void> check(Subject subject, String kind) {
        if (registeredSubjects.getIfPresent(subject) != null) {
            return Uni.createFrom().voidItem();
        }
        return registry.isRegistered(subject)
                .invoke(registered -> {
                    if (!registered) {
                        throw new PlaneException.FailedPrecondition("this " + kind + " must be registered first");
                    }
                    registeredSubjects.put(subject, true);
                })
                .replaceWithVoid();
    }
}
