package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.v1.Consent;
import io.pulseplane.vitals.PlaneException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A caller whose clock is a little ahead means now. Offsets are in microseconds from the plane's clock. */
class ClockAllowanceTest {

    private static final long NOW = 1_767_225_600_000_000L;
    private static final Duration ALLOWANCE = Duration.ofSeconds(5);

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 200_000, 5_000_000})
    void a_start_or_end_that_is_ahead_by_the_allowance_is_now(long ahead) {
        assertThat(effectiveTime(NOW + ahead)).isEqualTo(NOW);
        assertThat(consentStart(NOW + ahead)).isEqualTo(NOW);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, NOW - 1})
    void an_earlier_time_counts_as_it_is(long time) {
        assertThat(effectiveTime(time)).isEqualTo(time);
        assertThat(consentStart(time)).isEqualTo(time);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, NOW + 5_000_001, Long.MAX_VALUE})
    void an_assignment_beyond_the_allowance_is_refused(long time) {
        assertThatThrownBy(() -> effectiveTime(time))
                .isInstanceOf(PlaneException.InvalidArgument.class)
                .hasMessageContaining("from_us");
    }

    @Test
    void a_consent_may_start_later() {
        assertThat(consentStart(NOW + 5_000_001)).isEqualTo(NOW + 5_000_001);
    }

    @Test
    void a_consent_that_starts_now_permits_at_once() {
        var consent = consent(NOW + 200_000);
        assertThat(ConsentMessages.read(true, consent, "nurse", NOW, ALLOWANCE).permits(consent.getCodesList(), NOW))
                .isTrue();
    }

    private static long effectiveTime(long time) {
        return RegistryRequestReader.effectiveTime("from_us", true, time, NOW, ALLOWANCE);
    }

    private static long consentStart(long time) {
        return ConsentMessages.read(true, consent(time), "nurse", NOW, ALLOWANCE)
                .from();
    }

    private static Consent consent(long from) {
        return Consent.newBuilder()
                .setPatientId("p")
                .setGranted(true)
                .setFromUs(from)
                .build();
    }
}
