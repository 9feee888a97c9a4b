package io.pulseplane.vitals;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdentifierTest {

    @ParameterizedTest
    @ValueSource(
            strings = {"a", "mimic-s00001", "8867-4", "mm[Hg]", "/min", "Müller", "患者", "two words", "💓", "e\u0301x"})
    void accepts_printable_text(String text) {
        var composed = java.text.Normalizer.normalize(text, java.text.Normalizer.Form.NFC);
        assertThat(Identifier.describeViolation(composed)).isEmpty();
    }

    @Test
    void accepts_100_characters_and_not_101() {
        assertThat(Identifier.describeViolation("x".repeat(100))).isEmpty();
        assertThat(Identifier.describeViolation("x".repeat(101))).contains("must have at most 100 characters, has 101");
    }

    @Test
    void counts_code_points_and_not_chars() {
        assertThat(Identifier.describeViolation("💓".repeat(100))).isEmpty();
        assertThat(Identifier.describeViolation("💓".repeat(101))).isPresent();
    }

    @Test
    void rejects_an_empty_identifier() {
        assertThat(Identifier.describeViolation("")).contains("must not be empty");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a\u0000",
                "a\tb",
                "a\nb",
                "\u007f",
                "a\u0085b",
                "a\u200bb",
                "a\u202eb",
                "\ud800",
                "\ue000",
                "\u2028",
                "\ufeffa"
            })
    void rejects_characters_that_are_not_printable(String text) {
        assertThat(Identifier.describeViolation(text)).contains("must consist of printable characters");
    }

    @ParameterizedTest
    @ValueSource(strings = {" a", "a ", " "})
    void rejects_blanks_at_the_ends(String text) {
        assertThat(Identifier.describeViolation(text)).contains("must not start or end with a blank");
    }

    @Test
    void rejects_an_id_that_differs_only_in_normalisation() {
        assertThat(Identifier.describeViolation("Mu\u0308ller")).contains("must be in Unicode normalisation form C");
    }

    @Test
    void accepts_an_empty_text_in_an_optional_field() {
        assertThat(Identifier.describeTextViolation("", 200)).isEqualTo(Optional.empty());
    }
}
