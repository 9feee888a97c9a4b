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

/** What a store promises of consent: all of it is kept, and the last holds. */
abstract class ConsentContract extends StoreContractPart {

    ConsentContract(StoreContract contract) {
        super(contract);
    }

    @BeforeEach
    void registerThem() {
        await(store().registry().putPatient(patient("p1", Optional.empty())));
        await(store().registry().putPatient(patient("p2", Optional.empty())));
    }

    private Consent consent(String patient, boolean granted, OptionalLong to, String... codes) {
        return new Consent(0, patient, granted, 5, to, List.of(codes), "ward clerk", 0);
    }

    @Test
    void keeps_all_that_was_recorded_and_knows_the_last() {
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
    void has_none_of_those_who_gave_none() {
        await(store().registry().putConsent(consent("p1", true, OptionalLong.empty())));
        assertThat(await(store().registry().consent("p2"))).isEmpty();
        assertThat(await(store().registry().consent("nobody"))).isEmpty();
        assertThat(await(store().registry().consents("p2", Long.MAX_VALUE, 10))).isEmpty();
    }

    @Test
    void takes_none_of_a_patient_who_is_not_registered() {
        assertThatThrownBy(() -> await(store().registry().putConsent(consent("nobody", true, OptionalLong.empty()))))
                .isInstanceOf(PlaneException.NotFound.class);
    }
}
