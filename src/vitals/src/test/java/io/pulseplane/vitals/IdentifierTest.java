package io.pulseplane.vitals;

import static org.assertj.core.api.Assertions.assertThat;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdentifierTest {

    /** Default_Ignorable_Code_Point in DerivedCoreProperties-16.0.0.txt. */
    private static final Set<Integer> DEFAULT_IGNORABLE = codePoints("""
            00AD
            034F
            061C
            115F..1160
            17B4..17B5
            180B..180F
            200B..200F
            202A..202E
            2060..206F
            3164
            FE00..FE0F
            FEFF
            FFA0
            FFF0..FFF8
            1BCA0..1BCA3
            1D173..1D17A
            E0000..E0FFF
            """);

    /** Blanks and fillers that Unicode counts as symbols, letters or marks, and what stands for lost content. */
    private static final Set<Integer> BLANK_OR_LOST = codePoints("""
            2800
            FFFC..FFFD
            13441..13442
            16FE4
            1D159
            """);

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

    /**
     * Walks all of Unicode against a statement of the rule that shares nothing with the code: categories of regular
     * expressions, Unicode's own list of default-ignorable characters, and the form that the normaliser returns.
     */
    @Test
    void accepts_exactly_the_characters_that_a_person_can_see() {
        var visible = Pattern.compile("[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}]");
        var wrong = new ArrayList<String>();
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
            var character = Character.toString(codePoint);
            var text = "a" + character + "a";
            boolean expected = codePoint == ' '
                    || (visible.matcher(character).matches()
                            && !DEFAULT_IGNORABLE.contains(codePoint)
                            && !BLANK_OR_LOST.contains(codePoint)
                            && Normalizer.normalize(text, Normalizer.Form.NFC).equals(text));
            if (Identifier.describeViolation(text).isEmpty() != expected) {
                wrong.add(Visibility.name(codePoint));
            }
        }
        assertThat(wrong).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "0000, control",
        "0009, control",
        "000A, control",
        "007F, control",
        "0085, control",
        "00A0, no-break space",
        "00AD, soft hyphen",
        "034F, grapheme joiner",
        "115F, filler",
        "1160, filler",
        "1680, space",
        "17B4, inherent vowel",
        "180B, variation selector",
        "180E, vowel separator",
        "2003, space",
        "200B, zero width",
        "200C, joiner",
        "200D, joiner",
        "202E, direction",
        "2028, line",
        "2060, word joiner",
        "2800, Braille blank",
        "3000, space",
        "3164, filler",
        "D800, lone surrogate",
        "E000, private",
        "FE0F, variation selector",
        "FEFF, byte order mark",
        "FFA0, filler",
        "FFFC, replacement",
        "FFFD, replacement",
        "FFFF, no character",
        "0378, unassigned",
        "1D159, null notehead",
        "E0041, tag",
        "E0100, variation selector"
    })
    void rejects_a_character_that_nobody_sees_and_names_it(String hexadecimal, String ignoredKind) {
        var text = "a" + Character.toString(Integer.parseInt(hexadecimal, 16)) + "b";
        assertThat(Identifier.describeViolation(text))
                .contains("must consist of printable characters, U+" + hexadecimal + " is none");
    }

    @ParameterizedTest
    @ValueSource(strings = {" a", "a ", " ", "ä ", " ä"})
    void rejects_blanks_at_the_ends(String text) {
        assertThat(Identifier.describeViolation(text)).contains("must not start or end with a blank");
    }

    @Test
    void accepts_a_single_blank_and_rejects_two_in_a_row() {
        assertThat(Identifier.describeViolation("bed 7")).isEmpty();
        assertThat(Identifier.describeViolation("bed  7")).contains("must not have two blanks in a row");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0323", "\u0323a", "a \u0323", "x\u0323\u0323"})
    void rejects_a_mark_that_stands_alone_or_twice(String text) {
        assertThat(Identifier.describeViolation(text)).get().asString().contains("U+0323 stands alone or twice");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Mu\u0308ller", "\u212B", "\u212A", "\u2126", "x\u0301\u0323", "\u1100\u1161"})
    void rejects_an_id_that_differs_only_in_normalisation(String text) {
        assertThat(Identifier.describeViolation(text)).contains("must be in Unicode normalisation form C");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Müller",
                "病人-7",
                "مريض٣",
                "कक्ष-२",
                "ห้อง๑",
                "bett_7/a.b:c",
                "Ω",
                "x\u0323",
                "m²",
                "Infusomat™",
                "½"
            })
    void accepts_ids_of_every_script(String text) {
        assertThat(Identifier.describeViolation(text)).isEmpty();
    }

    @Test
    void takes_letters_that_look_alike_for_different_ids() {
        var latin = "patient";
        var cyrillic = "p\u0430tient";
        assertThat(Identifier.describeViolation(latin)).isEmpty();
        assertThat(Identifier.describeViolation(cyrillic)).isEmpty();
        assertThat(latin).isNotEqualTo(cyrillic);
        assertThat(Identifier.describeViolation("\u00B5g")).isEmpty();
        assertThat(Identifier.describeViolation("\u03BCg")).isEmpty();
    }

    @Test
    void accepts_an_empty_text_in_an_optional_field() {
        assertThat(Identifier.describeViolation("", 200)).isEmpty();
    }

    private static Set<Integer> codePoints(String ranges) {
        return ranges.strip()
                .lines()
                .flatMap(line -> {
                    var ends = line.strip().split("\\.\\.");
                    return IntStream.rangeClosed(
                                    Integer.parseInt(ends[0], 16), Integer.parseInt(ends[ends.length - 1], 16))
                            .boxed();
                })
                .collect(Collectors.toSet());
    }
}
