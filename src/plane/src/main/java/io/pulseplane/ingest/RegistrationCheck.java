package io.pulseplane.ingest;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.pulseplane.store.Registry;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;

/** Whether readings of patients and devices that nobody registered are taken. */
public final class RegistrationCheck {

    /** What to do with readings of a patient or device that is not in the registry. */
    public enum UnregisteredPolicy {
        /** Take them, and register both with what is known. */
        ACCEPT,
        /** Refuse the batch. */
        REFUSE
    }

    private static final int MAX_CACHED_SUBJECTS = 100_000;

    private final UnregisteredPolicy policy;
    private final Registry registry;

    /** Only those that were found: who is registered stays so, who is not may be a moment later. */
    private final Cache<Subject, Boolean> registeredSubjects;

    public RegistrationCheck(UnregisteredPolicy policy, Registry registry) {
        this.policy = policy;
        this.registry = registry;
        this.registeredSubjects = Caffeine.newBuilder()
                .maximumSize(MAX_CACHED_SUBJECTS)
                .executor(Runnable::run)
                .build();
    }

    /** Fails with {@code FailedPrecondition} if the batch must not be taken yet. */
    Uni<Void> check(Batch batch) {
        return switch (policy) {
            case ACCEPT -> Uni.createFrom().voidItem();
            case REFUSE ->
                check(new Subject.OfDevice(batch.device()), "device")
                        .chain(() -> check(new Subject.OfPatient(batch.patient()), "patient"));
        };
    }

    private Uni<Void> check(Subject subject, String what) {
        if (registeredSubjects.getIfPresent(subject) != null) {
            return Uni.createFrom().voidItem();
        }
        return registry.isRegistered(subject)
                .invoke(known -> {
                    if (!known) {
                        throw new PlaneException.FailedPrecondition("this " + what + " has to be registered first");
                    }
                    registeredSubjects.put(subject, true);
                })
                .replaceWithVoid();
    }
}
