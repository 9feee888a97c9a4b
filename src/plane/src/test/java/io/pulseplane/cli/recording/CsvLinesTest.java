package io.pulseplane.cli.recording;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import de.siegmar.fastcsv.writer.QuoteStrategies;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Splits random files as another reader does, and loses no line of damaged ones. */
class CsvLinesTest {

    private static final List<String> PIECES = List.of("", "a", "é", "\"", "\"\"", ",", " ", "\n", "\r\n", "42", "𝄞");

    static IntStream seeds() {
        return IntStream.range(0, 200);
    }

    private static String field(Random random) {
        var field = new StringBuilder();
        for (int i = random.nextInt(4); i > 0; i--) {
            field.append(PIECES.get(random.nextInt(PIECES.size())));
        }
        return field.toString();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void splits_as_another_reader_does(int seed) throws IOException {
        var random = new Random(seed);
        var text = new StringWriter();
        try (var writer = CsvWriter.builder()
                .lineDelimiter(seed % 2 == 0 ? LineDelimiter.LF : LineDelimiter.CRLF)
                .quoteStrategy(seed % 3 == 0 ? QuoteStrategies.ALWAYS : QuoteStrategies.REQUIRED)
                .build(text)) {
            for (int i = random.nextInt(1, 30); i > 0; i--) {
                writer.writeRecord(
                        IntStream.range(0, 4).mapToObj(_ -> field(random)).toList());
            }
        }
        var expected = new ArrayList<List<String>>();
        try (var reader = CsvReader.builder().ofCsvRecord(text.toString())) {
            // The end of a line within a field is always read as LF.
            reader.forEach(record -> expected.add(record.getFields().stream()
                    .map(field -> field.replace("\r\n", "\n"))
                    .toList()));
        }
        var records = new ArrayList<List<String>>();
        try (var lines = open(text.toString())) {
            lines.expect(_ -> true, _ -> false);
            for (var line = lines.next(); line != null; line = lines.next()) {
                records.add(((CsvRecord) line)
                        .fields().stream().map(CsvRecord.Field::text).toList());
            }
        }
        assertThat(records).isEqualTo(expected);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void reports_or_reads_every_line_of_a_damaged_file(int seed) throws IOException {
        var random = new Random(seed);
        var text = new StringBuilder();
        int lineCount = random.nextInt(1, 30);
        for (int i = 0; i < lineCount; i++) {
            var line = new StringBuilder("time,a,b,c");
            for (int quotes = random.nextInt(3); quotes > 0; quotes--) {
                line.insert(random.nextInt(5, line.length() + 1), '"');
            }
            text.append(line).append('\n');
        }
        var numbers = new ArrayList<Long>();
        try (var lines = open(text.toString())) {
            lines.expect(
                    index -> index == 3,
                    record -> record.fields().stream()
                            .anyMatch(field -> field.text().contains("time")));
            for (var line = lines.next(); line != null; line = lines.next()) {
                numbers.add(
                        switch (line) {
                            case CsvRecord record -> {
                                assertThat(record.text()).doesNotContain("\n");
                                yield record.line();
                            }
                            case Fault fault -> fault.line();
                        });
            }
        }
        assertThat(numbers).doesNotHaveDuplicates().isSorted();
        assertThat(numbers).hasSize(lineCount);
    }

    private static CsvLines open(String text) {
        return new CsvLines(new TextLines(new ByteArrayInputStream(text.getBytes(UTF_8)), UTF_8));
    }
}
