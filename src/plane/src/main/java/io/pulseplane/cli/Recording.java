package io.pulseplane.cli;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import io.pulseplane.vitals.EpochMicros;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Iterator;
import java.util.List;

/** Reads a recording in CSV row by row. Counts unreadable rows and leaves them out. */
final class Recording implements AutoCloseable {

    private static final List<String> COLUMNS =
            List.of("measured_at", "device_id", "patient_id", "code", "value", "unit");

    /** One reading. Its value may be implausible: the plane decides about that. */
    record Row(long time, String device, String patient, String code, double value, String unit) {}

    /** The file is no recording. */
    static final class InvalidRecordingException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        InvalidRecordingException(String message) {
            super(message);
        }
    }

    private final CsvReader<NamedCsvRecord> csv;
    private final Iterator<NamedCsvRecord> records;
    private boolean headerChecked;
    private long skippedLines;
    private String firstError = "";

    private Recording(CsvReader<NamedCsvRecord> csv) {
        this.csv = csv;
        this.records = csv.iterator();
    }

    static Recording open(Path file) throws IOException {
        return new Recording(CsvReader.builder()
                .detectBomHeader(true)
                .skipEmptyLines(true)
                .allowMissingFields(true)
                .allowExtraFields(true)
                .ofNamedCsvRecord(file));
    }

    /** The next row; null after the last. */
    Row next() throws IOException {
        while (hasNext()) {
            var record = records.next();
            if (!headerChecked) {
                checkHeader(record);
            }
            try {
                return row(record);
            } catch (DateTimeParseException | ArithmeticException e) {
                skip(record, "measured_at is not a time such as 2026-11-10T00:31:25.894Z");
            } catch (NumberFormatException e) {
                skip(record, "value is not a number");
            } catch (IllegalArgumentException e) {
                skip(record, e.getMessage());
            }
        }
        return null;
    }

    private boolean hasNext() throws IOException {
        try {
            return records.hasNext();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (CsvParseException e) {
            throw new InvalidRecordingException("the file is not CSV: " + e.getMessage());
        }
    }

    private void checkHeader(NamedCsvRecord record) {
        var missing = COLUMNS.stream()
                .filter(name -> !record.getHeader().contains(name))
                .toList();
        if (!missing.isEmpty()) {
            throw new InvalidRecordingException("the header does not name " + String.join(", ", missing));
        }
        headerChecked = true;
    }

    private static Row row(NamedCsvRecord record) {
        return new Row(
                EpochMicros.of(
                        OffsetDateTime.parse(field(record, "measured_at")).toInstant()),
                field(record, "device_id"),
                field(record, "patient_id"),
                field(record, "code"),
                Double.parseDouble(field(record, "value")),
                field(record, "unit"));
    }

    private static String field(NamedCsvRecord record, String name) {
        var text = record.findField(name).orElse("").strip();
        if (text.isEmpty()) {
            throw new IllegalArgumentException(name + " is empty");
        }
        return text;
    }

    private void skip(NamedCsvRecord record, String fault) {
        if (skippedLines++ == 0) {
            firstError = "line " + record.getStartingLineNumber() + ", " + fault;
        }
    }

    long skippedLines() {
        return skippedLines;
    }

    String firstError() {
        return firstError;
    }

    @Override
    public void close() throws IOException {
        csv.close();
    }
}
