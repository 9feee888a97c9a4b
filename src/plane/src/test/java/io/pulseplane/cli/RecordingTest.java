package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.cli.Recording.InvalidRecordingException;
import io.pulseplane.cli.Recording.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordingTest {

    @TempDir
    Path directory;

    @Test
    void reads_columns_by_name_in_any_order_and_ignores_others() throws IOException {
        assertThat(rows("""
            unit,note,code,patient_id,value,device_id,measured_at
            /min,"said ""hello"", twice",8867-4,p,60.5,d,1970-01-01T00:00:01.000002Z
            """)).containsExactly(new Row(1_000_002, "d", "p", "8867-4", 60.5, "/min"));
    }

    @Test
    void reads_what_spreadsheets_write() throws IOException {
        assertThat(rows("""
            \uFEFFmeasured_at,device_id,patient_id,code,value,unit\r
            1970-01-01T01:00:00+01:00,d,p,8867-4, 60 ,/min\r
            \r
            """)).containsExactly(new Row(0, "d", "p", "8867-4", 60, "/min"));
    }

    @Test
    void passes_on_values_that_only_the_plane_can_reject() throws IOException {
        assertThat(rows("""
            measured_at,device_id,patient_id,code,value,unit
            1969-12-31T23:59:59Z,d,p,x,NaN,furlong
            """)).containsExactly(new Row(-1_000_000, "d", "p", "x", Double.NaN, "furlong"));
    }

    @Test
    void counts_unreadable_lines_and_describes_the_first() throws IOException {
        try (var recording = open("""
            measured_at,device_id,patient_id,code,value,unit
            1970-01-01T00:00:00Z,d,p,8867-4,60,/min
            1970-01-01T00:00:00Z,d,,8867-4,60,/min
            noon,d,p,8867-4,60,/min
            1970-01-01T00:00:00Z,d,p,8867-4,sixty,/min
            """)) {
            assertThat(recording.next()).isNotNull();
            assertThat(recording.next()).isNull();
            assertThat(recording.skippedLines()).isEqualTo(3);
            assertThat(recording.firstError()).isEqualTo("line 3, patient_id is empty");
        }
    }

    @Test
    void refuses_a_file_that_is_no_recording() {
        assertThatThrownBy(() -> rows("time,value\n1,2\n"))
                .isInstanceOf(InvalidRecordingException.class)
                .hasMessageContaining("measured_at");
    }

    private List<Row> rows(String text) throws IOException {
        try (var recording = open(text)) {
            var rows = new ArrayList<Row>();
            for (var row = recording.next(); row != null; row = recording.next()) {
                rows.add(row);
            }
            assertThat(recording.skippedLines()).isZero();
            return rows;
        }
    }

    private Recording open(String text) throws IOException {
        return Recording.open(Files.writeString(directory.resolve("recording.csv"), text));
    }
}
