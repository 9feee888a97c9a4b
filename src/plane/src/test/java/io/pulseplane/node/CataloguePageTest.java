package io.pulseplane.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.CatalogueFormat;
import io.pulseplane.vitals.ValueRange;
import io.pulseplane.vitals.VitalSign;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The page about the catalogue has what the catalogue has. */
class CataloguePageTest {

    private static final Path PAGE = Path.of("docs", "catalogue.md");
    private static final String HEADING = "| code | name | unit | IEEE 11073 | plausible | possible | source |";
    private static final Pattern EXAMPLE = Pattern.compile("```ini\n(.*?)```", Pattern.DOTALL);

    @Test
    void lists_every_code_that_comes_with_the_plane() throws IOException {
        var rows = Files.readString(PAGE)
                .split(Pattern.quote(HEADING), 2)[1]
                .lines()
                .filter(line -> line.startsWith("| `"))
                .toList();
        assertThat(rows)
                .containsExactlyElementsOf(Catalogue.standard().signs().stream()
                        .map(CataloguePageTest::row)
                        .toList());
    }

    private static String row(VitalSign sign) {
        return "| `%s` | %s | `%s` | %s | %s | %s | %s |"
                .formatted(
                        sign.code(),
                        sign.name(),
                        sign.unit(),
                        sign.mdc().isEmpty() ? "" : "`" + sign.mdc() + "`",
                        range(sign.plausible()),
                        range(sign.possible()),
                        sign.source());
    }

    private static String range(ValueRange range) {
        return number(range.low()) + " to " + number(range.high());
    }

    private static String number(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    @Test
    void shows_a_file_that_can_be_used() throws IOException {
        var example = EXAMPLE.matcher(Files.readString(PAGE));
        assertThat(example.find()).isTrue();
        var catalogue = CatalogueFormat.parse(Catalogue.standard(), example.group(1));
        assertThat(catalogue.find("8867-4").orElseThrow().plausible()).isEqualTo(new ValueRange(30, 250));
        assertThat(catalogue.find("x-nirs-left").orElseThrow().possible()).isEqualTo(new ValueRange(0, 100));
    }
}
