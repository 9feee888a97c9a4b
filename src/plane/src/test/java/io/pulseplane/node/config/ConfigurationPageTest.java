package io.pulseplane.node.config;

import static com.tngtech.archunit.core.domain.properties.CanBeAnnotated.Predicates.annotatedWith;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The page about configuration has a row for every key of the plane, with the default that the plane has. */
class ConfigurationPageTest {

    private static final Path PAGE = Path.of("docs", "configuration.md");

    /** A key in backticks, its default, its meaning. */
    private static final Pattern ROW = Pattern.compile("^\\| `(pulseplane\\.[^`]+)` \\|([^|]*)\\|([^|]*)\\|$");

    /** In a key with a part that the user chooses, the part as the page has it. */
    private static final Pattern CHOSEN_PART = Pattern.compile("\"…\"");

    /** One row of the page; without backticks, a default is a phrase that says what holds instead. */
    private record Row(String key, String defaultCell, String meaning) {

        Optional<String> defaultValue() {
            boolean isValue = defaultCell.length() > 1 && defaultCell.startsWith("`") && defaultCell.endsWith("`");
            return isValue ? Optional.of(defaultCell.substring(1, defaultCell.length() - 1)) : Optional.empty();
        }
    }

    private static List<Row> rows;
    private static Map<String, Optional<String>> keys;

    @BeforeAll
    static void read() throws IOException {
        rows = rows();
        keys = keys();
    }

    private static List<Row> rows() throws IOException {
        var rows = new ArrayList<Row>();
        for (var line : Files.readAllLines(PAGE)) {
            var row = ROW.matcher(line);
            if (row.matches()) {
                var key = CHOSEN_PART.matcher(row.group(1)).replaceAll("*");
                rows.add(new Row(key, row.group(2).strip(), row.group(3).strip()));
            }
        }
        return rows;
    }

    /** Every key of every mapping that the plane has, with its default. */
    private static Map<String, Optional<String>> keys() {
        var mappings = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.pulseplane")
                .that(annotatedWith(ConfigMapping.class));
        assertThat(mappings).isNotEmpty();
        var keys = new TreeMap<String, Optional<String>>();
        for (JavaClass mapping : mappings) {
            ConfigMappings.getProperties(ConfigClass.configClass(mapping.reflect()))
                    .forEach((name, property) -> {
                        // A list has a second property for its elements.
                        if (!name.endsWith("]")) {
                            keys.put(
                                    name,
                                    property.hasDefaultValue()
                                            ? Optional.of(property.getDefaultValue())
                                            : Optional.empty());
                        }
                    });
        }
        return keys;
    }

    @Test
    void has_one_row_for_every_key() {
        assertThat(rows.stream().map(Row::key)).containsExactlyInAnyOrderElementsOf(keys.keySet());
    }

    @Test
    void has_the_defaults_of_the_plane() {
        var softly = new SoftAssertions();
        for (var row : rows) {
            softly.assertThat(row.defaultValue()).as("default of %s", row.key()).isEqualTo(keys.get(row.key()));
        }
        softly.assertAll();
    }

    @Test
    void ends_the_meaning_with_the_bounds() {
        var softly = new SoftAssertions();
        for (var bound : ConfigBounds.ALL) {
            softly.assertThat(rows.stream().filter(row -> row.key().equals(bound.key())))
                    .as("bounds of %s", bound.key())
                    .singleElement()
                    .extracting(Row::meaning)
                    .asString()
                    .endsWith("`" + bound.min() + "` to `" + bound.max() + "`.");
        }
        softly.assertAll();
    }

    @Test
    void has_a_default_cell_and_a_meaning_for_every_key() {
        var softly = new SoftAssertions();
        for (var row : rows) {
            softly.assertThat(row.defaultCell()).as("default of %s", row.key()).isNotBlank();
            softly.assertThat(row.meaning()).as("meaning of %s", row.key()).isNotBlank();
        }
        softly.assertAll();
    }
}
