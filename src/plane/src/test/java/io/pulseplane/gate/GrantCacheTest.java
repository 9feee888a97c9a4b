package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class GrantCacheTest {

    private static final Access ADA = Access.ofPatient("ada");
    private static final GrantCache.Basis BASIS = new GrantCache.Basis(7, 0, "policy");

    private final GrantCache repeats = new GrantCache();

    @Test
    void permit_what_was_permitted_until_the_record_of_it_is_no_longer_fresh() {
        assertThat(repeats.isGranted(ADA, BASIS, 0)).isFalse();
        repeats.grant(ADA, BASIS, 100);
        assertThat(repeats.isGranted(Access.ofPatient("ada"), new GrantCache.Basis(7, 0, "policy"), 99))
                .isTrue();
        assertThat(repeats.isGranted(ADA, BASIS, 100)).isFalse();
    }

    @Test
    void permit_nothing_that_differs_in_anything() {
        repeats.grant(Access.ofPatient("ada", List.of("8867-4")), BASIS, 100);
        for (var other : List.of(
                ADA,
                Access.ofPatient("grace", List.of("8867-4")),
                Access.ofPatient("ada", List.of("8867-4", "9279-1")),
                Access.ofDevice("ada", List.of("8867-4")))) {
            assertThat(repeats.isGranted(other, BASIS, 0)).as(other.toString()).isFalse();
        }
    }

    @Test
    void permit_nothing_once_what_it_was_decided_by_has_changed() {
        repeats.grant(ADA, BASIS, 100);
        assertThat(repeats.isGranted(ADA, new GrantCache.Basis(8, 0, "policy"), 0))
                .isFalse();
        assertThat(repeats.isGranted(ADA, new GrantCache.Basis(7, 0, "another"), 0))
                .isFalse();
    }

    @Test
    void remember_the_last_256_that_were_asked_for() {
        for (int i = 0; i < 256; i++) {
            repeats.grant(Access.ofPatient("p" + i), BASIS, 100);
        }
        assertThat(repeats.isGranted(Access.ofPatient("p0"), BASIS, 0)).isTrue();
        repeats.grant(ADA, BASIS, 100);
        assertThat(repeats.isGranted(Access.ofPatient("p0"), BASIS, 0))
                .as("it was asked for again")
                .isTrue();
        assertThat(repeats.isGranted(Access.ofPatient("p1"), BASIS, 0)).isFalse();
        assertThat(repeats.isGranted(ADA, BASIS, 0)).isTrue();
    }

    @Test
    void know_what_is_being_decided_on_until_it_is() {
        assertThat(repeats.beginDecision(ADA)).isTrue();
        assertThat(repeats.beginDecision(Access.ofPatient("ada"))).isFalse();
        assertThat(repeats.beginDecision(Access.ofPatient("grace"))).isTrue();
        repeats.endDecision(ADA);
        assertThat(repeats.beginDecision(ADA)).isTrue();
    }
}
