package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class GrantCacheTest {

    private static final Access ADA = Access.ofPatient("ada");
    private static final GrantCache.Basis BASIS = new GrantCache.Basis(7, 0, "policy");

    private static final Deadline END = Deadline.at(100, 0, 0);

    private final GrantCache cache = new GrantCache();

    @Test
    void has_a_grant_until_it_expires() {
        assertThat(cache.isGranted(ADA, BASIS, 0, 0)).isFalse();
        cache.grant(ADA, BASIS, END);
        assertThat(cache.isGranted(Access.ofPatient("ada"), new GrantCache.Basis(7, 0, "policy"), 99, 0))
                .isTrue();
        assertThat(cache.isGranted(ADA, BASIS, 100, 0)).isFalse();
        assertThat(cache.isGranted(ADA, BASIS, -1_000_000, 100_000))
                .as("a clock that is set back extends nothing")
                .isFalse();
    }

    @Test
    void has_no_grant_for_a_request_that_differs() {
        cache.grant(Access.ofPatient("ada", List.of("8867-4")), BASIS, END);
        for (var other : List.of(
                ADA,
                Access.ofPatient("grace", List.of("8867-4")),
                Access.ofPatient("ada", List.of("8867-4", "9279-1")),
                Access.ofDevice("ada", List.of("8867-4")))) {
            assertThat(cache.isGranted(other, BASIS, 0, 0)).as(other.toString()).isFalse();
        }
    }

    @Test
    void has_no_grant_once_its_basis_has_changed() {
        cache.grant(ADA, BASIS, END);
        assertThat(cache.isGranted(ADA, new GrantCache.Basis(8, 0, "policy"), 0, 0))
                .isFalse();
        assertThat(cache.isGranted(ADA, new GrantCache.Basis(7, 0, "another"), 0, 0))
                .isFalse();
    }

    @Test
    void keeps_the_256_grants_used_last() {
        for (int i = 0; i < 256; i++) {
            cache.grant(Access.ofPatient("p" + i), BASIS, END);
        }
        assertThat(cache.isGranted(Access.ofPatient("p0"), BASIS, 0, 0)).isTrue();
        cache.grant(ADA, BASIS, END);
        assertThat(cache.isGranted(Access.ofPatient("p0"), BASIS, 0, 0))
                .as("it was used again")
                .isTrue();
        assertThat(cache.isGranted(Access.ofPatient("p1"), BASIS, 0, 0)).isFalse();
        assertThat(cache.isGranted(ADA, BASIS, 0, 0)).isTrue();
    }

    @Test
    void tracks_which_decisions_are_under_way() {
        assertThat(cache.beginDecision(ADA)).isTrue();
        assertThat(cache.beginDecision(Access.ofPatient("ada"))).isFalse();
        assertThat(cache.beginDecision(Access.ofPatient("grace"))).isTrue();
        cache.endDecision(ADA);
        assertThat(cache.beginDecision(ADA)).isTrue();
    }
}
