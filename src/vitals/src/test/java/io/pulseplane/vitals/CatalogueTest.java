package io.pulseplane.vitals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CatalogueTest {

    private final Catalogue catalogue = Catalogue.standard();

    @ParameterizedTest
    @CsvSource({
        "8867-4, /min, 20, 300",
        "8889-8, /min, 20, 300",
        "9279-1, /min, 0, 150",
        "59408-5, %, 0, 100",
        "8310-5, Cel, 30, 45",
        "8480-6, mm[Hg], 50, 250",
        "76534-7, mm[Hg], 50, 250",
        "76214-6, mm[Hg], 50, 250",
        "8462-4, mm[Hg], 30, 150",
        "76535-4, mm[Hg], 30, 150",
        "76213-8, mm[Hg], 30, 150",
        "8478-0, mm[Hg], 30, 200",
        "76536-2, mm[Hg], 30, 200",
        "76212-0, mm[Hg], 30, 200",
        "2339-0, mg/dL, 10, 1000"
    })
    void has_the_unit_and_range_of_every_vital_sign_of_the_contract(String code, String unit, double low, double high) {
        var sign = catalogue.find(code).orElseThrow();
        assertThat(sign.unit()).isEqualTo(unit);
        assertThat(sign.plausible().low()).isEqualTo(low);
        assertThat(sign.plausible().high()).isEqualTo(high);
    }

    @Test
    void pairs_the_pressures_of_each_kind() {
        assertThat(catalogue.pressurePairs())
                .containsExactly(
                        new PressurePair("8480-6", "8462-4"),
                        new PressurePair("76534-7", "76535-4"),
                        new PressurePair("76214-6", "76213-8"),
                        new PressurePair("8440-0", "8385-7"));
    }

    @Test
    void does_not_find_an_unknown_code() {
        assertThat(catalogue.find("1-1")).isEmpty();
    }

    @Test
    void refuses_a_code_that_is_listed_twice_and_pairs_of_codes_that_cannot_be_compared() {
        var sign = sign("1-1", "u");
        var other = sign("2-2", "v");
        assertThatThrownBy(() -> new Catalogue(List.of(sign, sign), List.of())).hasMessage("1-1 is listed twice");
        assertThatThrownBy(() -> new Catalogue(List.of(sign), List.of(new PressurePair("1-1", "2-2"))))
                .hasMessage("2-2 is not listed");
        assertThatThrownBy(() -> new Catalogue(List.of(sign, other), List.of(new PressurePair("1-1", "2-2"))))
                .hasMessage("1-1 and 2-2 differ in unit");
    }

    private static VitalSign sign(String code, String unit) {
        var range = new ValueRange(0, 1);
        return new VitalSign(code, "x", unit, "", range, range, List.of(), "");
    }

    @Test
    void finds_plausible_what_it_does_not_know_by_code_and_unit() {
        assertThat(catalogue.plausible(new Series("p", "d", "8867-4", "/min"))).isEqualTo(new ValueRange(20, 300));
        assertThat(catalogue.plausible(new Series("p", "d", "8867-4", "/s"))).isEqualTo(ValueRange.ALL);
        assertThat(catalogue.plausible(new Series("p", "d", "1-1", "/min"))).isEqualTo(ValueRange.ALL);
    }

    @Test
    void has_a_source_for_every_range_that_comes_with_the_plane() {
        for (var shipped : List.of(catalogue, Catalogue.neonatal())) {
            assertThat(shipped.signs())
                    .allSatisfy(sign -> assertThat(sign.source()).isNotBlank());
        }
    }

    @Test
    void has_what_monitors_and_ventilators_report() {
        assertThat(catalogue.signs()).hasSizeGreaterThanOrEqualTo(60);
        assertThat(catalogue.signs()).allSatisfy(sign -> {
            assertThat(sign.code()).matches("\\d{4,6}-\\d");
            assertThat(checkDigit(sign.code()))
                    .as(sign.code())
                    .isEqualTo(sign.code().charAt(sign.code().length() - 1) - '0');
            assertThat(sign.mdc()).matches("(MDC_[A-Z0-9_]+)?");
        });
        assertThat(catalogue.signs()).extracting(VitalSign::name).doesNotHaveDuplicates();
    }

    /** The last digit of a LOINC code, by which most mistyped codes are found (Luhn, modulus 10). */
    private static int checkDigit(String code) {
        int sum = 0;
        boolean doubled = true;
        for (int i = code.indexOf('-') - 1; i >= 0; i--) {
            int digit = code.charAt(i) - '0';
            int weighted = doubled ? 2 * digit : digit;
            sum += weighted / 10 + weighted % 10;
            doubled = !doubled;
        }
        return (10 - sum % 10) % 10;
    }

    @ParameterizedTest
    @CsvSource({
        "8480-6, 20, 180", "76534-7, 20, 180", "76214-6, 20, 180",
        "8462-4, 8, 130", "76535-4, 8, 130", "76213-8, 8, 130",
        "8478-0, 10, 150", "76536-2, 10, 150", "76212-0, 10, 150"
    })
    void has_lower_pressures_for_infants(String code, double low, double high) {
        assertThat(Catalogue.neonatal().find(code).orElseThrow().plausible()).isEqualTo(new ValueRange(low, high));
    }

    @Test
    void is_the_same_for_infants_in_everything_but_pressures() {
        var neonatal = Catalogue.neonatal();
        assertThat(neonatal.pressurePairs()).isEqualTo(catalogue.pressurePairs());
        assertThat(neonatal.signs()).hasSameSizeAs(catalogue.signs());
        for (var sign : catalogue.signs()) {
            var infants = neonatal.find(sign.code()).orElseThrow();
            assertThat(infants.possible()).isEqualTo(sign.possible());
            if (!sign.name().contains("blood pressure")) {
                assertThat(infants).isEqualTo(sign);
            }
        }
    }
}
