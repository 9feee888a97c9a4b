package io.pulseplane.vitals;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DisplayTextTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "علی\u200Cرضا",
                "ශ්\u200Dරී",
                "क्\u200Dष",
                "O'Brien",
                "O\u2019Brien",
                "D\u02BBAngelo",
                "Ngũgĩ wa Thiong\u02BCo",
                "Müller-Lüdenscheidt",
                "Nguyễn",
                "x\u0323\u0301",
                "山田\u3000太郎",
                "葛\uDB40\uDD00城",
                "Jean\u00A0Luc",
                "דָּוִד",
                "Sinéad  Ní",
                "SpO\u2082 sensor\u2122",
                "3M"
            })
    void takes_what_people_and_devices_are_called(String name) {
        assertThat(DisplayText.describeViolation(name, 200)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a\u0000",
                "a\nb",
                "a\u202Eb",
                "a\u2066b",
                "a\u200Eb",
                "a\u200Bb",
                "a\uFEFFb",
                "a\u00ADb",
                "a\u3164b",
                "a\u2800b",
                "a\uFFFDb",
                "a\uE000b",
                "a\uD800b",
                "\u200Ca",
                "- \u200D",
                "7\u200D",
                "علی\u200C\u200Cرضا",
                "a\uFE0F\uFE0F"
            })
    void refuses_what_deceives_or_is_lost(String text) {
        assertThat(DisplayText.describeViolation(text, 200)).get().asString().startsWith("must consist of printable");
    }

    @ParameterizedTest
    @ValueSource(strings = {" a", "a ", "\u00A0ä", "ä\u3000", " "})
    void refuses_blanks_at_the_ends(String text) {
        assertThat(DisplayText.describeViolation(text, 200)).contains("must not start or end with a blank");
    }

    @Test
    void counts_characters_and_not_their_halves() {
        assertThat(DisplayText.describeViolation("𠮷".repeat(200), 200)).isEmpty();
        assertThat(DisplayText.describeViolation("𠮷".repeat(201), 200))
                .contains("must have at most 200 characters, has 201");
    }

    @Test
    void refuses_a_name_that_is_not_composed() {
        assertThat(DisplayText.describeViolation("Mu\u0308ller", 200))
                .contains("must be in Unicode normalisation form C");
    }

    /** After a letter, names take whatever is visible or blank, the two joiners, and the variation selectors. */
    @Test
    void walks_all_of_unicode() {
        var taken = Pattern.compile("[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Zs}\u200C\u200D&&"
                + "[^\u034F\u115F\u1160\u17B4\u17B5\u2800\u3164\uFFA0\uFFFC\uFFFD"
                + "\\x{13441}\\x{13442}\\x{16FE4}\\x{1D159}]]");
        var wrong = new ArrayList<String>();
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
            var character = Character.toString(codePoint);
            boolean refused = DisplayText.describeViolation("a" + character + "a", 200)
                    .filter(violation -> violation.startsWith("must consist"))
                    .isPresent();
            if (refused == taken.matcher(character).matches()) {
                wrong.add(Visibility.name(codePoint));
            }
        }
        assertThat(wrong).isEmpty();
    }
}
