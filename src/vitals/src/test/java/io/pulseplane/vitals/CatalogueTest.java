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
        assertThat(sign.low()).isEqualTo(low);
        assertThat(sign.high()).isEqualTo(high);
    }

    @Test
    void pairs_the_pressures_of_each_kind() {
        assertThat(catalogue.pressurePairs())
                .containsExactly(
                        new PressurePair("8480-6", "8462-4"),
                        new PressurePair("76534-7", "76535-4"),
                        new PressurePair("76214-6", "76213-8"));
    }

    @Test
    void does_not_find_an_unknown_code() {
        assertThat(catalogue.find("1-1")).isEmpty();
    }

    @Test
    void refuses_a_code_that_is_listed_twice_and_an_empty_range() {
        var sign = new VitalSign("1-1", "x", "u", 0, 1);
        assertThatThrownBy(() -> new Catalogue(List.of(sign, sign), List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new VitalSign("1-1", "x", "u", 1, 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
