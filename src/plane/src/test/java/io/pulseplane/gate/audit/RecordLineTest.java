package io.pulseplane.gate.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.gate.audit.writing.TrailFixture;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordLineTest {

    private final SplittableRandom random = new SplittableRandom(20261201);

    private static AuditRecord withSubject(String subject) {
        return TrailFixture.record(7, subject, "query", "ada", Decision.REFUSED);
    }

    private static AuditRecord withTexts(String text, List<String> codes) {
        return new AuditRecord(
                Long.MIN_VALUE,
                text,
                text,
                text,
                text,
                text,
                text,
                text,
                codes,
                Decision.PERMITTED,
                text,
                text,
                text,
                text);
    }

    private static AuditEntry parse(String line) throws IOException {
        var bytes = line.getBytes(StandardCharsets.UTF_8);
        return RecordLine.parse(bytes, 0, bytes.length, true);
    }

    @Test
    void is_json_with_the_fields_of_the_record() {
        var record = new AuditRecord(
                1_790_000_000_000_000L,
                "nurse-7",
                "authorized_medical_staff",
                "clinic",
                "query",
                "pulseplane.v1.QueryService/GetLatest",
                "ada",
                "monitor-1",
                List.of("8867-4", "59408-5"),
                Decision.REFUSED,
                "no consent",
                "3f2a",
                "10.1.2.3",
                "r-1");
        assertThat(RecordLine.text(17, record))
                .isEqualTo("{\"n\":17,\"time_us\":1790000000000000,\"decision\":\"refused\",\"subject\":\"nurse-7\","
                        + "\"role\":\"authorized_medical_staff\",\"tenant\":\"clinic\",\"action\":\"query\","
                        + "\"rpc\":\"pulseplane.v1.QueryService/GetLatest\",\"patient\":\"ada\","
                        + "\"device\":\"monitor-1\","
                        + "\"codes\":[\"8867-4\",\"59408-5\"],\"reason\":\"no consent\",\"policy\":\"3f2a\","
                        + "\"peer\":\"10.1.2.3\",\"request\":\"r-1\"}");
    }

    @Test
    void leaves_out_empty_texts() {
        var record = new AuditRecord(0, "", "", "", "", "", "", "", List.of(), Decision.PERMITTED, "", "", "", "");
        assertThat(RecordLine.text(1, record)).isEqualTo("{\"n\":1,\"time_us\":0,\"decision\":\"permitted\"}");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "9, 9",
        "10, 10",
        "-1, -1",
        "999999999999999999, 999999999999999999",
        "1000000000000000000, 1000000000000000000",
        "9223372036854775807, 9223372036854775807",
        "-9223372036854775808, -9223372036854775808"
    })
    void writes_every_number(long number, String text) {
        var out = new JsonBuffer(32);
        out.number(number);
        assertThat(new String(out.bytes(), 0, out.length(), StandardCharsets.US_ASCII))
                .isEqualTo(text);
    }

    @Test
    void escapes_characters_that_could_end_a_line_or_are_invisible() {
        var line =
                RecordLine.text(1, withSubject("a\"b\\c\n\r\t\u0000\u001b[31m\u007f\u0085\u2028\u202e\ud800z\udc00"));
        assertThat(line)
                .contains("\"subject\":\"a\\\"b\\\\c\\u000a\\u000d\\u0009\\u0000\\u001b[31m\\u007f\\u0085\\u2028\\u202e"
                        + "\\ud800z\\udc00\"")
                .doesNotContain("\n");
    }

    @Test
    void does_not_escape_visible_characters() {
        assertThat(RecordLine.text(1, withSubject("Zoë Łukasz 北京 😀"))).contains("\"subject\":\"Zoë Łukasz 北京 😀\"");
    }

    @Test
    void gives_back_whatever_was_written() throws IOException {
        for (int round = 0; round < 2_000; round++) {
            var record = withTexts(
                    randomText(40),
                    Stream.generate(() -> randomText(8))
                            .limit(random.nextInt(4))
                            .toList());
            var line = RecordLine.text(round + 1, record);
            assertThat(parse(line)).isEqualTo(new AuditEntry(round + 1, record, true));
            assertThat(RecordLine.text(round + 1, parse(line).record())).isEqualTo(line);
            assertThat(line.chars()).allMatch(c -> c >= ' ' && c != 0x7F);
        }
    }

    /** Of every kind of character there is, halves of pairs too. */
    private String randomText(int max) {
        var text = new StringBuilder();
        for (int i = random.nextInt(max); i > 0; i--) {
            switch (random.nextInt(4)) {
                case 0 -> text.append((char) random.nextInt(0x20, 0x7F));
                case 1 -> text.append((char) random.nextInt(0x100));
                case 2 -> text.append((char) random.nextInt(0x1_0000));
                default -> text.appendCodePoint(random.nextInt(0x11_0000));
            }
        }
        return text.toString();
    }

    @Test
    void writes_repeated_texts_like_other_texts() {
        var line = new RecordLine();
        var out = new JsonBuffer(4 * RecordLine.MAX_BYTES);
        var records = Stream.of("query", "query", "", "query", "export", new String("export"), "query")
                .map(action -> TrailFixture.record(7, "nurse", action, "ada", Decision.PERMITTED))
                .toList();
        var expected = new StringBuilder();
        for (var record : records) {
            line.write(out, 1, record);
            expected.append(RecordLine.text(1, record)).append('\n');
        }
        assertThat(new String(out.bytes(), 0, out.length(), StandardCharsets.UTF_8))
                .isEqualTo(expected.toString());
    }

    @Test
    void is_within_its_bound_for_the_longest_record() {
        var longest = withTexts("\u0000".repeat(100_000), Collections.nCopies(100_000, "\u0000".repeat(100_000)));
        assertThat(RecordLine.text(Long.MAX_VALUE, longest).length())
                .isBetween(
                        AuditRecord.MAX_CODES * AuditRecord.MAX_CODE_LENGTH * JsonBuffer.MAX_CHARACTER_BYTES / 2,
                        RecordLine.MAX_BYTES);
    }

    @Test
    void shows_that_a_text_was_cut() {
        var record = withTexts(
                "x".repeat(AuditRecord.MAX_TEXT_LENGTH + 1), Collections.nCopies(AuditRecord.MAX_CODES + 1, "8867-4"));
        assertThat(record.patient()).isEqualTo("x".repeat(AuditRecord.MAX_TEXT_LENGTH - 1) + "…");
        assertThat(record.codes())
                .hasSize(AuditRecord.MAX_CODES)
                .startsWith("8867-4")
                .endsWith("…");
        var uncut = withTexts(
                "x".repeat(AuditRecord.MAX_TEXT_LENGTH), Collections.nCopies(AuditRecord.MAX_CODES, "8867-4"));
        assertThat(uncut.patient()).hasSize(AuditRecord.MAX_TEXT_LENGTH).doesNotContain("…");
        assertThat(uncut.codes()).hasSize(AuditRecord.MAX_CODES).doesNotContain("…");
    }

    @Test
    void never_cuts_a_character_in_two() {
        var record = withSubject("x".repeat(AuditRecord.MAX_TEXT_LENGTH - 2) + "😀😀");
        assertThat(record.subject()).isEqualTo("x".repeat(AuditRecord.MAX_TEXT_LENGTH - 2) + "…");
    }

    @Test
    void does_not_change_with_the_list_it_was_made_from() {
        var codes = new ArrayList<>(List.of("8867-4"));
        var record = withTexts("x", codes);
        codes.add("59408-5");
        assertThat(record.codes()).containsExactly("8867-4");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[]",
                "{}",
                "{\"n\":1,\"time_us\":1}",
                "{\"n\":0,\"time_us\":1,\"decision\":\"permitted\"}",
                "{\"n\":1,\"time_us\":1,\"decision\":\"perhaps\"}",
                "{\"n\":1,\"time_us\":1,\"decision\":\"permitted\",\"value\":\"72\"}",
                "{\"n\":1,\"time_us\":1,\"decision\":\"permitted\""
            })
    void is_not_parsed_from_any_other_line(String line) {
        assertThatThrownBy(() -> parse(line)).isInstanceOf(IOException.class);
    }
}
