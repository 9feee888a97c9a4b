package io.pulseplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * No line of a source is longer than 120 columns. The formatter sees to code; this sees to comments and texts as well.
 */
class LineLengthTest {

    private static final int MAX_COLUMNS = 120;
    private static final Path ROOT = Path.of("..", "..");
    private static final List<String> SOURCES = List.of(".java", ".proto", ".sql", ".rego", ".sh", ".yaml");
    private static final List<String> FOLDERS = List.of("src", "proto", "loadtest", "native", "k3s");

    @Test
    void no_line_of_a_source_is_too_long() throws IOException {
        var tooLong = new ArrayList<String>();
        int files = 0;
        for (var folder : FOLDERS) {
            for (var file : sources(ROOT.resolve(folder))) {
                files++;
                var lines = Files.readAllLines(file);
                for (int i = 0; i < lines.size(); i++) {
                    if (lines.get(i).length() > MAX_COLUMNS) {
                        tooLong.add(ROOT.relativize(file) + ":" + (i + 1));
                    }
                }
            }
        }
        assertThat(files).isGreaterThan(500);
        assertThat(tooLong).isEmpty();
    }

    private static List<Path> sources(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> SOURCES.stream().anyMatch(file.toString()::endsWith))
                    .filter(LineLengthTest::isWrittenByHand)
                    .toList();
        }
    }

    private static boolean isWrittenByHand(Path file) {
        return Stream.iterate(file, part -> part != null, Path::getParent)
                .noneMatch(part -> part.endsWith("target") || part.endsWith("node_modules"));
    }
}
