package io.pulseplane.node.compliance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Compares the page on compliance with the controls and the tests that exist. */
class ComplianceTest {

    private static final Path PAGE = Path.of("docs", "compliance.md");
    private static final Path TESTS = Path.of("src", "test", "java");
    private static final Path CONTROLS = Path.of("src", "main", "java", "io", "pulseplane", "node", "compliance");

    /** {@code `SomeTest.some_method`} in the page. */
    private static final Pattern TEST = Pattern.compile("`(\\w+(?:Test|IT|Contract))\\.(\\w+)`");

    /** A control's id in the page's first table. */
    private static final Pattern ROW = Pattern.compile("^\\| (`[a-z-]+`(?:, `[a-z-]+`)*) \\|");

    /** The id of a control in the sources: text in lower case with hyphens and nothing else. */
    private static final Pattern ID = Pattern.compile("\"([a-z]+(?:-[a-z]+)+|clock)\"");

    @Test
    void every_test_that_the_page_names_exists() throws IOException {
        var sources = testSources();
        var named = TEST.matcher(Files.readString(PAGE)).results().toList();
        assertThat(named).hasSizeGreaterThan(20);
        var missing = new ArrayList<String>();
        for (var test : named) {
            var source = sources.getOrDefault(test.group(1), "");
            if (!source.contains("void " + test.group(2) + "(")) {
                missing.add(test.group());
            }
        }
        assertThat(missing).isEmpty();
    }

    private static Map<String, String> testSources() throws IOException {
        var sources = new HashMap<String, String>();
        try (var files = Files.walk(TESTS)) {
            for (var file :
                    (Iterable<Path>) files.filter(path -> path.toString().endsWith(".java"))::iterator) {
                var name = file.getFileName().toString();
                sources.put(name.substring(0, name.length() - ".java".length()), Files.readString(file));
            }
        }
        return sources;
    }

    @Test
    void every_control_has_a_row_and_every_row_a_control() throws IOException {
        var rows = new TreeSet<String>();
        for (var line : Files.readAllLines(PAGE)) {
            var row = ROW.matcher(line);
            if (row.find()) {
                for (var id : row.group(1).split(", ")) {
                    rows.add(id.replace("`", ""));
                }
            }
        }
        var controls = new TreeSet<String>();
        try (var files = Files.list(CONTROLS)) {
            for (var file : (Iterable<Path>) files::iterator) {
                ID.matcher(Files.readString(file)).results().forEach(id -> controls.add(id.group(1)));
            }
        }
        // Names of HTTP headers.
        controls.remove("content-type");
        controls.remove("cache-control");
        controls.remove("no-store");
        assertThat(rows).isEqualTo(controls);
    }
}
