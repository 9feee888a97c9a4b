package io.pulseplane.store.privacy;

import io.pulseplane.store.Consent;
import io.pulseplane.store.ForwardingRegistry;
import io.pulseplane.store.Registry;
import io.smallrye.mutiny.Uni;
import java.util.concurrent.Executor;

/** A registry that keeps erasures and changes of consent in the journal before it answers them. */
public final class JournalingRegistry extends ForwardingRegistry {

    private final PrivacyJournal journal;
    private final Executor executor;

    /** @param executor runs the writes to the journal, which block */
    public JournalingRegistry(Registry registry, PrivacyJournal journal, Executor executor) {
        super(registry);
        this.journal = journal;
        this.executor = executor;
    }

    @Override
    public Uni<Consent> putConsent(Consent consent) {
        return super.putConsent(consent)
                .emitOn(executor)
                .invoke(stored -> journal.addConsentChange(stored.patient(), stored.recordedAt()));
    }

    @Override
    public Uni<Long> erasePatient(String id) {
        return super.erasePatient(id).emitOn(executor).invoke(time -> journal.addErasure(id, time));
    }
}
