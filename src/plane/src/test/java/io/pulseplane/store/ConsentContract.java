package io.pulseplane.store;

import static io.pulseplane.store.StoreContract.await;
import static io.pulseplane.store.StoreContract.patient;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.vitals.PlaneException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract of consents: the store keeps all of them, and the latest applies. */
abstract class ConsentContract extends StoreContractPart {

    ConsentContract(StoreContract contract) {
        super(contract);
    }

    @BeforeEach
    void register() {
        await(store().registry().putPatient(patient("p1", Optional.empty())));
        await(store().registry().putPatient(patient("p2", Optional.empty())));
    }

    private Consent consent(String patient, boolean granted, OptionalLong to, String... codes) {
        return new Consent(0, patient, granted, 5, to, List.of(codes), "ward clerk", 0);
    }

    @Test
    void keeps_all_consents_and_returns_the_latest() {
        var granted = await(store().registry().putConsent(consent("p1", true, OptionalLong.of(900), "8867-4", "x y")));
        clock().addAndGet(1);
        var withdrawn = await(store().registry().putConsent(consent("p1", false, OptionalLong.empty())));
        assertThat(granted.codes()).containsExactly("8867-4", "x y");
        assertThat(granted.to()).hasValue(900);
        assertThat(granted.recordedBy()).isEqualTo("ward clerk");
        assertThat(granted.recordedAt()).isEqualTo(clock().get() - 1);
        assertThat(withdrawn.number()).isGreaterThan(granted.number());
        assertThat(await(store().registry().consent("p1"))).contains(withdrawn);
        assertThat(await(store().registry().consents("p1", Long.MAX_VALUE, 10))).containsExactly(withdrawn, granted);
        assertThat(await(store().registry().consents("p1", withdrawn.number(), 10)))
                .containsExactly(granted);
        assertThat(await(store().registry().consents("p1", Long.MAX_VALUE, 1))).containsExactly(withdrawn);
        reopen();
        assertThat(await(store().registry().consent("p1"))).contains(withdrawn);
    }

    @Test
    void has_no_consent_of_a_patient_without_one() {
        await(store().registry().putConsent(consent("p1", true, OptionalLong.empty())));
        assertThat(await(store().registry().consent("p2"))).isEmpty();
        assertThat(await(store().registry().consent("nobody"))).isEmpty();
        assertThat(await(store().registry().consents("p2", Long.MAX_VALUE, 10))).isEmpty();
    }

    @Test
    void refuses_a_consent_of_an_unregistered_patient() {
        assertThatThrownBy(() -> await(store().registry().putConsent(consent("nobody", true, OptionalLong.empty()))))
                .isInstanceOf(PlaneException.NotFound.class);
    }
}
