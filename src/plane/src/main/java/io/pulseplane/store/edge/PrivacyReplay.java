package io.pulseplane.store.edge;

import io.pulseplane.store.Consent;
import io.pulseplane.store.Erasure;
import io.pulseplane.store.Patient;
import io.pulseplane.store.Registry;
import io.pulseplane.store.privacy.PrivacyJournal;
import io.smallrye.mutiny.Uni;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.OptionalLong;

/**
 * Applies erasures and changes of consent again, which a store that was restored from an older backup does not have. A
 * consent whose last change is lost is withdrawn: what the store has instead may be more than the patient agreed to.
 */
public final class PrivacyReplay {

    private static final int PATIENTS_PER_PAGE = 1_000;

    private static final String RECORDED_BY = "pulseplane:restore";

    /** How many patients were erased again, and how many consents withdrawn. */
    public record Result(long erased, long withdrawn) {

        static final Result NOTHING = new Result(0, 0);
    }

    private final Registry registry;
    private final PrivacyJournal journal;
    private long erased;
    private long withdrawn;

    PrivacyReplay(Registry registry, PrivacyJournal journal) {
        this.registry = registry;
        this.journal = journal;
    }

    /** Blocks. A patient who was registered anew after the erasure stays. */
    Result run() {
        var erasures = new HashMap<ByteBuffer, Long>();
        journal.erasures().forEach(erasure -> erasures.put(ByteBuffer.wrap(erasure.idDigest()), erasure.time()));
        var consents = journal.consentChanges();
        for (var page = patientsAfter("");
                !page.isEmpty();
                page = patientsAfter(page.getLast().id())) {
            for (var patient : page) {
                var erasedAt = erasures.get(ByteBuffer.wrap(Erasure.digest(patient.id())));
                if (erasedAt != null && patient.createdAt() <= erasedAt) {
                    await(registry.erasePatient(patient.id()));
                    erased++;
                } else if (consents.containsKey(patient.id())) {
                    withdrawIfLost(patient.id(), consents.get(patient.id()));
                }
            }
        }
        return new Result(erased, withdrawn);
    }

    private List<Patient> patientsAfter(String id) {
        return await(registry.patientsAfter(id, PATIENTS_PER_PAGE));
    }

    private void withdrawIfLost(String patient, long recordedAt) {
        var consent = await(registry.consent(patient));
        if (consent.isPresent() && consent.get().granted() && consent.get().recordedAt() < recordedAt) {
            await(registry.putConsent(new Consent(
                    0, patient, false, recordedAt, OptionalLong.empty(), List.of(), RECORDED_BY, recordedAt)));
            withdrawn++;
        }
    }

    private static <T> T await(Uni<T> result) {
        return result.await().indefinitely();
    }
}
