package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class RepeatsTest {

    private static final Access ADA = Access.ofPatient("ada");
    private static final Repeats.Basis BASIS = new Repeats.Basis(7, 0, "policy");

    private final Repeats repeats = new Repeats();

    @Test
    void permit_what_was_permitted_until_the_record_of_it_is_no_longer_fresh() {
        assertThat(repeats.permits(ADA, BASIS, 0)).isFalse();
        repeats.permitted(ADA, BASIS, 100);
        assertThat(repeats.permits(Access.ofPatient("ada"), new Repeats.Basis(7, 0, "policy"), 99))
                .isTrue();
        assertThat(repeats.permits(ADA, BASIS, 100)).isFalse();
    }

    @Test
    void permit_nothing_that_differs_in_anything() {
        repeats.permitted(Access.ofPatient("ada", List.of("8867-4")), BASIS, 100);
        for (var other : List.of(
                ADA,
                Access.ofPatient("grace", List.of("8867-4")),
                Access.ofPatient("ada", List.of("8867-4", "9279-1")),
                Access.ofDevice("ada", List.of("8867-4")))) {
            assertThat(repeats.permits(other, BASIS, 0)).as(other.toString()).isFalse();
        }
    }

    @Test
    void permit_nothing_once_what_it_was_decided_by_has_changed() {
        repeats.permitted(ADA, BASIS, 100);
        assertThat(repeats.permits(ADA, new Repeats.Basis(8, 0, "policy"), 0)).isFalse();
        assertThat(repeats.permits(ADA, new Repeats.Basis(7, 0, "another"), 0)).isFalse();
    }

    @Test
    void remember_the_last_256_that_were_asked_for() {
        for (int i = 0; i < 256; i++) {
            repeats.permitted(Access.ofPatient("p" + i), BASIS, 100);
        }
        assertThat(repeats.permits(Access.ofPatient("p0"), BASIS, 0)).isTrue();
        repeats.permitted(ADA, BASIS, 100);
        assertThat(repeats.permits(Access.ofPatient("p0"), BASIS, 0))
                .as("it was asked for again")
                .isTrue();
        assertThat(repeats.permits(Access.ofPatient("p1"), BASIS, 0)).isFalse();
        assertThat(repeats.permits(ADA, BASIS, 0)).isTrue();
    }

    @Test
    void know_what_is_being_decided_on_until_it_is() {
        assertThat(repeats.begin(ADA)).isTrue();
        assertThat(repeats.begin(Access.ofPatient("ada"))).isFalse();
        assertThat(repeats.begin(Access.ofPatient("grace"))).isTrue();
        repeats.end(ADA);
        assertThat(repeats.begin(ADA)).isTrue();
    }
}
