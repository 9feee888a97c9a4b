package io.pulseplane.cli.recording;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.airlift.compress.v3.zstd.ZstdOutputStream;
import io.pulseplane.cli.recording.Recording.Format;
import io.pulseplane.cli.recording.Recording.InvalidRecordingException;
import io.pulseplane.cli.recording.Recording.Row;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecordingTest {

    private static final String HEADER = "measured_at,device_id,patient_id,code,value,unit\n";

    private final List<Fault> faults = new ArrayList<>();

    private List<Row> rows(String text) throws IOException {
        return rows(text.getBytes(UTF_8), Optional.empty());
    }

    private List<Row> rows(byte[] bytes, Optional<Charset> charset) throws IOException {
        var format = new Format(charset, TimeParser.strict());
        try (var recording = Recording.read(new ByteArrayInputStream(bytes), format, faults::add)) {
            var rows = new ArrayList<Row>();
            for (var row = recording.next(); row != null; row = recording.next()) {
                rows.add(row);
            }
            return rows;
        }
    }

    private List<String> faultTexts() {
        return faults.stream()
                .map(fault -> fault.line() + ":" + fault.column() + " "
                        + fault.reason().label())
                .toList();
    }

    private static String row(int second, String patient) {
        return "1970-01-01T00:00:%02dZ,d,%s,8867-4,60,/min".formatted(second, patient);
    }

    private static String lines(String... lines) {
        return HEADER + String.join("\n", lines) + "\n";
    }

    @Test
    void reads_columns_by_name_in_any_order_and_ignores_others() throws IOException {
        assertThat(rows("""
            unit, note,code,patient_id,value,device_id, measured_at
            /min,"said ""hello"", twice",8867-4,p,60.5,d,1970-01-01T00:00:01.000002Z
            """)).containsExactly(new Row(2, 1_000_002, "d", "p", "8867-4", 60.5, "/min"));
        assertThat(faults).isEmpty();
    }

    @Test
    void reads_what_spreadsheets_write() throws IOException {
        assertThat(rows("""
            \uFEFFmeasured_at,device_id,patient_id,code,value,unit,,\r
            1970-01-01T01:00:00+01:00,d,p,8867-4, 60 ,/min,,,,\r
            \r
            """)).containsExactly(new Row(2, 0, "d", "p", "8867-4", 60, "/min"));
        assertThat(faults).isEmpty();
    }

    @Test
    void passes_on_values_that_only_the_plane_can_reject() throws IOException {
        assertThat(rows(HEADER + "1969-12-31T23:59:59Z,d,p,x,NaN,furlong\n"))
                .containsExactly(new Row(2, -1_000_000, "d", "p", "x", Double.NaN, "furlong"));
    }

    @Test
    void reports_every_line_that_it_cannot_read_with_its_column_and_reason() throws IOException {
        var rows = rows(lines(
                row(0, "p"),
                row(1, ""),
                "noon,d,p,8867-4,60,/min",
                "1970-01-01T00:00:00,d,p,8867-4,60,/min",
                "1772359213,d,p,8867-4,60,/min",
                "1970-01-01T00:00:00Z,d,p,8867-4,sixty,/min",
                "1970-01-01T00:00:00Z,d,p,8310-5,36,6,Cel",
                "1970-01-01T00:00:00Z,d,p",
                row(9, "p")));
        assertThat(rows).extracting(Row::line).containsExactly(2L, 10L);
        assertThat(faultTexts())
                .containsExactly(
                        "3:24 empty",
                        "4:1 time",
                        "5:1 time_without_zone",
                        "6:1 time_without_unit",
                        "7:33 number",
                        "8:38 too_many_fields",
                        "9:25 empty");
        assertThat(faults.getFirst().detail()).isEqualTo("patient_id is empty");
        assertThat(faults.getFirst().text()).isEqualTo(row(1, ""));
        assertThat(faults.getLast().detail()).isEqualTo("code is missing");
    }

    @ParameterizedTest
    @ValueSource(strings = {"nan", "NULL", "-", "---", "N/A", ">200", "98 %", "0x40", "0x1p3", "97f", "97d", "36_6"})
    void takes_only_numbers_for_numbers(String value) throws IOException {
        assertThat(rows(HEADER + "1970-01-01T00:00:00Z,d,p,59408-5," + value + ",%\n"))
                .isEmpty();
        assertThat(faultTexts()).containsExactly("2:34 number");
    }

    @Test
    void files_nothing_under_a_character_that_it_could_not_decode() throws IOException {
        var latin1 =
                lines(row(10, "Müller"), row(11, "Möller"), row(12, "Miller")).getBytes(ISO_8859_1);
        assertThat(rows(latin1, Optional.empty())).extracting(Row::patient).containsExactly("Miller");
        assertThat(faultTexts()).containsExactly("2:25 undecodable", "3:25 undecodable");
        assertThat(faults.getFirst().detail()).contains("--charset");

        faults.clear();
        assertThat(rows(latin1, Optional.of(ISO_8859_1)))
                .extracting(Row::patient)
                .containsExactly("Müller", "Möller", "Miller");
        assertThat(faults).isEmpty();
    }

    @Test
    void refuses_what_an_earlier_program_could_not_decode() throws IOException {
        assertThat(rows(lines(row(10, "M\uFFFDller")))).isEmpty();
        assertThat(faultTexts()).containsExactly("2:25 undecodable");
    }

    @Test
    void knows_utf_16_by_its_byte_order_mark() throws IOException {
        assertThat(rows(lines(row(10, "Müller")).getBytes(UTF_16), Optional.empty()))
                .extracting(Row::patient)
                .containsExactly("Müller");
        assertThat(faults).isEmpty();
    }

    @Test
    void loses_one_line_to_a_stray_quote_and_no_other() throws IOException {
        var rows = rows(lines(row(10, "p"), row(11, "\"p"), row(12, "p"), row(13, "p"), row(14, "p")));
        assertThat(rows).extracting(Row::line).containsExactly(2L, 4L, 5L, 6L);
        assertThat(faultTexts()).containsExactly("3:24 stray_quote");
    }

    @Test
    void does_not_let_one_stray_quote_close_another() throws IOException {
        var rows =
                rows(lines(row(10, "\"p"), row(11, "p"), row(12, "p\""), row(13, "p"), row(14, "p\"q"), row(15, "p")));
        assertThat(rows).extracting(Row::line).containsExactly(3L, 5L, 7L);
        assertThat(faultTexts()).containsExactly("2:24 stray_quote", "4:24 stray_quote", "6:24 stray_quote");
    }

    @Test
    void lets_a_quoted_note_span_lines_but_not_swallow_readings() throws IOException {
        var header = HEADER.strip() + ",note\n";
        var spanning = header + row(10, "p") + ",\"first\n\nsecond, \"\"third\"\"\"\n" + row(11, "p") + ",\n";
        assertThat(rows(spanning)).extracting(Row::line).containsExactly(2L, 5L);
        assertThat(faults).isEmpty();

        var swallowing = header + row(10, "p") + ",\"open\n" + row(11, "p") + ",a\n" + row(12, "p") + ",b\"\n";
        assertThat(rows(swallowing)).extracting(Row::line).containsExactly(3L, 4L);
        assertThat(faultTexts()).containsExactly("2:41 stray_quote");
    }

    @Test
    void looks_a_bounded_number_of_lines_ahead_for_the_end_of_a_note() throws IOException {
        var note = IntStream.range(0, 200).mapToObj(i -> "text").collect(Collectors.joining("\n"));
        var rows = rows(HEADER.strip() + ",note\n" + row(10, "p") + ",\"" + note + "\"\n" + row(11, "p") + ",\n");
        assertThat(rows).extracting(Row::line).containsExactly(202L);
        assertThat(faults).hasSize(200);
    }

    @Test
    void bounds_the_length_of_a_line() throws IOException {
        var rows = rows(lines(row(10, "p"), row(11, "x".repeat(1_000_000)), row(12, "p")));
        assertThat(rows).extracting(Row::line).containsExactly(2L, 4L);
        assertThat(faultTexts()).containsExactly("3:1 line_too_long");
        assertThat(faults.getFirst().text()).hasSize(TextLines.MAX_LENGTH);
    }

    @Test
    void refuses_a_file_that_is_no_recording() {
        assertRefused("time,value\n1,2\n", "does not name measured_at, device_id, patient_id, code, unit");
        assertRefused(HEADER.replace(',', ';') + "x\n", "the columns of a recording are separated by commas");
        assertRefused("", "the file is empty");
        assertRefused(HEADER.strip() + ",code\n", "the header names code twice");
        assertRefused("\"measured_at\n", "the header cannot be read");
    }

    private void assertRefused(String text, String message) {
        assertThatThrownBy(() -> rows(text))
                .isInstanceOf(InvalidRecordingException.class)
                .hasMessageContaining(message);
    }

    @FunctionalInterface
    private interface Compressor {
        OutputStream over(OutputStream out) throws IOException;
    }

    private static byte[] compressed(String text, Compressor compressor) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = compressor.over(bytes)) {
            out.write(text.getBytes(UTF_8));
        }
        return bytes.toByteArray();
    }

    @Test
    void reads_compressed_files_and_reports_damaged_ones() throws IOException {
        var text = HEADER
                + IntStream.range(0, 50_000).mapToObj(i -> row(i % 60, "p" + i)).collect(Collectors.joining("\n"));
        for (var bytes : List.of(compressed(text, GZIPOutputStream::new), compressed(text, ZstdOutputStream::new))) {
            assertThat(rows(bytes, Optional.empty())).hasSize(50_000);
            var cutOff = Arrays.copyOf(bytes, bytes.length / 2);
            assertThatThrownBy(() -> rows(cutOff, Optional.empty()))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("the compressed data are damaged or cut off");
            var onlyStart = Arrays.copyOf(bytes, 5);
            assertThatThrownBy(() -> rows(onlyStart, Optional.empty())).isInstanceOf(IOException.class);
        }
        assertThat(faults).isEmpty();
    }

    @Test
    void reports_a_directory(@TempDir Path directory) {
        var format = new Format(Optional.empty(), TimeParser.strict());
        assertThatThrownBy(() -> Recording.open(directory, format, faults::add))
                .isInstanceOf(IOException.class)
                .hasMessage(directory + " is a directory");
    }
}
