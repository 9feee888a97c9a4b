package io.pulseplane.vitals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.vitals.VitalSign.OtherUnit;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CatalogueFormatTest {

    @Test
    void reads_what_a_section_says() {
        var read = CatalogueFormat.parse(Catalogue.none(), """
                # A comment.
                [1-1]
                name = Name = with, signs
                unit = u
                mdc = MDC_X
                plausible = -4 .. -2.5
                possible = -40..10
                other-units = v 11..20, w 20..30.5
                above = 2-2
                source = a book

                  [2-2]\t
                name=Other
                  unit  =  u
                plausible=1..2
                """);
        assertThat(read.signs())
                .containsExactly(
                        new VitalSign(
                                "1-1",
                                "Name = with, signs",
                                "u",
                                "MDC_X",
                                new ValueRange(-4, -2.5),
                                new ValueRange(-40, 10),
                                List.of(new OtherUnit("v", 11, 20), new OtherUnit("w", 20, 30.5)),
                                "a book"),
                        new VitalSign(
                                "2-2", "Other", "u", "", new ValueRange(1, 2), new ValueRange(1, 2), List.of(), ""));
        assertThat(read.pressurePairs()).containsExactly(new PressurePair("1-1", "2-2"));
    }

    @Test
    void changes_of_a_known_code_what_the_section_names_and_nothing_else() {
        var read = CatalogueFormat.parse(Catalogue.standard(), "[8310-5]\nplausible = 32..43\nunit = Cel\n");
        var before = Catalogue.standard().find("8310-5").orElseThrow();
        assertThat(read.find("8310-5"))
                .contains(new VitalSign(
                        "8310-5",
                        before.name(),
                        "Cel",
                        before.mdc(),
                        new ValueRange(32, 43),
                        before.possible(),
                        before.otherUnits(),
                        before.source()));
        assertThat(read.signs()).hasSameSizeAs(Catalogue.standard().signs());
        assertThat(read.find("8867-4")).isEqualTo(Catalogue.standard().find("8867-4"));
        assertThat(read.pressurePairs()).isEqualTo(Catalogue.standard().pressurePairs());
    }

    @Test
    void adds_codes_to_those_it_starts_from() {
        var read = CatalogueFormat.parse(
                Catalogue.standard(), "\uFEFF[1-1]\r\nname = x\r\nunit = u\r\nplausible = 0..1\r\n");
        assertThat(read.find("1-1")).isPresent();
        assertThat(read.signs()).hasSize(Catalogue.standard().signs().size() + 1);
    }

    @Test
    void takes_an_empty_text_for_no_change() {
        assertThat(CatalogueFormat.parse(Catalogue.standard(), "\n# nothing\n").signs())
                .containsExactlyElementsOf(Catalogue.standard().signs());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "plausible = 1..2 | line 1: a line is [code], then key = value, or a comment that starts with #",
                "[1-1];here | line 2: a line is [code], then key = value, or a comment that starts with #",
                "[1-1 | line 1: a section starts with a code in brackets, such as [8867-4]",
                "[] | line 1: the code must not be empty",
                "[1-1];name = | line 2: name must not be empty",
                "[1-1];nmae = x | line 2: \"nmae\" is none of above, mdc, name, other-units, plausible, possible,"
                        + " source, unit",
                "[1-1];name = x;name = y | line 3: name is given twice for [1-1]",
                "[1-1];[2-2];[1-1] | line 3: [1-1] is on line 1, too",
                "[1-1];unit = u;plausible = 1..2 | line 1: [1-1] is new, and needs name",
                "[1-1];name = x;plausible = 1..2 | line 1: [1-1] is new, and needs unit",
                "[1-1];name = x;unit = u | line 1: [1-1] is new, and needs plausible",
                "[8867-4];plausible = 1-2 | line 2: a range is written as 20..300, not as \"1-2\"",
                "[8867-4];plausible = 30..NaN | line 2: a range is written as 20..300, not as \"30..NaN\"",
                "[8867-4];plausible = 30..1e9 | line 2: a range is written as 20..300, not as \"30..1e9\"",
                "[8867-4];plausible = 30..30 | line 2: 30 is not below 30",
                "[8867-4];possible = 300..20 | line 2: 300 is not below 20",
                "[8867-4];plausible = -1..300 | line 1: [8867-4]: the plausible range exceeds the possible range",
                "[8867-4];possible = 0..200 | line 1: [8867-4]: the plausible range exceeds the possible range",
                "[8867-4];unit = /s | line 2: the unit of 8867-4 is /min for ever",
                "[8867-4];other-units = /s | line 2: another unit is written as K 303.1..318.2, not as \"/s\"",
                "[8867-4];other-units = /s 1..5, | line 2: another unit is written as K 303.1..318.2, not as \"\"",
                "[8867-4];other-units = /s 200..700 | line 1: [8867-4]: the highest value would be one in /s",
                "[8867-4];other-units = /s 5..1 | line 1: [8867-4]: /s: 5.0 is not below 1.0",
                "[8867-4];above = 1-1 | line 2: above needs another code of the catalogue, not 1-1",
                "[8867-4];above = 8867-4 | line 2: above needs another code of the catalogue, not 8867-4",
                "[8867-4];above = 8310-5 | line 2: 8310-5 is in Cel, not in /min"
            })
    void names_the_line_and_the_reason_of_what_it_cannot_read(String lines, String message) {
        assertThatThrownBy(() -> CatalogueFormat.parse(Catalogue.standard(), lines.replace(';', '\n')))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void refuses_names_and_units_that_nobody_sees() {
        assertThatThrownBy(() -> CatalogueFormat.parse(Catalogue.none(), "[1-1]\nunit = a\u200Bb\n"))
                .hasMessageStartingWith("line 2: the unit ");
        assertThatThrownBy(() -> CatalogueFormat.parse(Catalogue.none(), "[1-1]\nname = a\u0007b\n"))
                .hasMessageStartingWith("line 2: the name ");
    }

    @Test
    void bounds_the_number_of_codes() {
        var text = IntStream.rangeClosed(0, CatalogueFormat.MAX_SIGNS)
                .mapToObj(i -> "[c-%d]\nname = x\nunit = u\nplausible = 0..1\n".formatted(i))
                .collect(Collectors.joining());
        assertThatThrownBy(() -> CatalogueFormat.parse(Catalogue.none(), text))
                .hasMessageEndingWith("there are more than 10000 codes");
    }
}
