package io.pulseplane.cli.recording;

import io.pulseplane.cli.recording.CsvRecord.Field;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Reads a recording in CSV row by row. Reports the lines that it cannot read, and leaves them out. */
public final class Recording implements AutoCloseable {

    private static final List<String> COLUMNS =
            List.of("measured_at", "device_id", "patient_id", "code", "value", "unit");

    private static final int MEASURED_AT = 0;
    private static final int DEVICE_ID = 1;
    private static final int PATIENT_ID = 2;
    private static final int CODE = 3;
    private static final int VALUE = 4;
    private static final int UNIT = 5;

    /**
     * How to read a file.
     *
     * @param charset empty for UTF-8, or UTF-16 if the file has its byte order mark
     */
    public record Format(Optional<Charset> charset, TimeParser times) {}

    /**
     * One reading. Its value may be implausible: the plane decides about that.
     *
     * @param line the number of its line, from 1
     */
    public record Row(long line, long time, String device, String patient, String code, double value, String unit) {}

    /** The file is no recording. */
    public static final class InvalidRecordingException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        InvalidRecordingException(String message) {
            super(message);
        }
    }

    private final CsvLines lines;
    private final TimeParser times;
    private final Consumer<Fault> faults;
    private final int columnCount;

    /** Which field of a line each of {@link #COLUMNS} is. */
    private final int[] indexes = new int[COLUMNS.size()];

    private Recording(CsvLines lines, TimeParser times, Consumer<Fault> faults) throws IOException {
        this.lines = lines;
        this.times = times;
        this.faults = faults;
        var header = header(lines);
        columnCount = header.size();
        var columnsInUse = new HashSet<Integer>();
        for (int i = 0; i < indexes.length; i++) {
            indexes[i] = header.indexOf(COLUMNS.get(i));
            columnsInUse.add(indexes[i]);
        }
        lines.expect(index -> !columnsInUse.contains(index), this::hasTime);
    }

    /**
     * @param faults gets every fault
     * @throws InvalidRecordingException if the header is none of a recording
     */
    public static Recording open(Path file, Format format, Consumer<Fault> faults) throws IOException {
        return open(RecordingInput.open(file), format, faults);
    }

    /** Reads a stream, which may be compressed, and closes it at the end. */
    public static Recording read(InputStream stream, Format format, Consumer<Fault> faults) throws IOException {
        return open(RecordingInput.decompressed(stream), format, faults);
    }

    private static Recording open(InputStream in, Format format, Consumer<Fault> faults) throws IOException {
        var lines = new CsvLines(new TextLines(in, RecordingInput.charset(in, format.charset())));
        try {
            return new Recording(lines, format.times(), faults);
        } catch (IOException | RuntimeException e) {
            lines.close();
            throw e;
        }
    }

    private static List<String> header(CsvLines lines) throws IOException {
        return switch (lines.next()) {
            case null -> throw new InvalidRecordingException("the file is empty");
            case Fault fault -> throw new InvalidRecordingException("the header cannot be read: " + fault.detail());
            case CsvRecord header -> checked(header);
        };
    }

    private static List<String> checked(CsvRecord header) {
        var names = header.fields().stream().map(field -> field.text().strip()).toList();
        var missing = COLUMNS.stream().filter(name -> !names.contains(name)).toList();
        if (!missing.isEmpty()) {
            var separators = header.text().indexOf(';') >= 0 || header.text().indexOf('\t') >= 0
                    ? "; the columns of a recording are separated by commas"
                    : "";
            throw new InvalidRecordingException("the header does not name " + String.join(", ", missing) + separators);
        }
        for (var name : COLUMNS) {
            if (names.indexOf(name) != names.lastIndexOf(name)) {
                throw new InvalidRecordingException("the header names " + name + " twice");
            }
        }
        return names;
    }

    /** The next row; null after the last. */
    public Row next() throws IOException {
        for (var line = lines.next(); line != null; line = lines.next()) {
            switch (line) {
                case Fault fault -> faults.accept(fault);
                case CsvRecord record -> {
                    try {
                        return row(record);
                    } catch (FieldException e) {
                        faults.accept(record.fault(e.column, e.reason, e.getMessage()));
                    }
                }
            }
        }
        return null;
    }

    /** A field that cannot be read. It has no stack trace: a bad file has many of them. */
    private static final class FieldException extends Exception {

        private static final long serialVersionUID = 1L;

        private final int column;
        private final Fault.Reason reason;

        FieldException(int column, Fault.Reason reason, String message) {
            super(message, null, false, false);
            this.column = column;
            this.reason = reason;
        }
    }

    private Row row(CsvRecord record) throws FieldException {
        for (int i = columnCount; i < record.fields().size(); i++) {
            // Spreadsheets leave empty fields at the end of lines.
            if (!record.fields().get(i).text().isBlank()) {
                throw new FieldException(
                        record.fields().get(i).column(),
                        Fault.Reason.TOO_MANY_FIELDS,
                        "the line has more fields than the header");
            }
        }
        return new Row(
                record.line(),
                time(record),
                text(record, DEVICE_ID),
                text(record, PATIENT_ID),
                text(record, CODE),
                value(record),
                text(record, UNIT));
    }

    private long time(CsvRecord record) throws FieldException {
        var text = text(record, MEASURED_AT);
        try {
            return times.parse(text);
        } catch (TimeParser.UnreadableTimeException e) {
            throw fault(record, MEASURED_AT, e.reason(), e.getMessage());
        }
    }

    /** Whether a line has a time where a record has one. */
    private boolean hasTime(CsvRecord record) {
        int index = indexes[MEASURED_AT];
        if (index >= record.fields().size()) {
            return false;
        }
        try {
            times.parse(record.fields().get(index).text().strip());
            return true;
        } catch (TimeParser.UnreadableTimeException _) {
            return false;
        }
    }

    private double value(CsvRecord record) throws FieldException {
        var text = text(record, VALUE);
        char last = text.charAt(text.length() - 1);
        try {
            // Java also takes 97f, 97d and hexadecimal numbers, which nobody means here.
            boolean isHexadecimal = text.indexOf('x') >= 0 || text.indexOf('X') >= 0;
            if (!isHexadecimal
                    && (Character.isDigit(last) || last == '.' || text.endsWith("NaN") || text.endsWith("Infinity"))) {
                return Double.parseDouble(text);
            }
        } catch (NumberFormatException _) {
            // Reported below.
        }
        throw fault(record, VALUE, Fault.Reason.NUMBER, "is not a number");
    }

    private String text(CsvRecord record, int column) throws FieldException {
        int index = indexes[column];
        if (index >= record.fields().size()) {
            throw new FieldException(
                    record.text().length() + 1, Fault.Reason.EMPTY, COLUMNS.get(column) + " is missing");
        }
        var field = record.fields().get(index);
        if (field.hasStrayQuote()) {
            throw fault(record, column, Fault.Reason.STRAY_QUOTE, "has a quote, and is not quoted");
        }
        var text = field.text().strip();
        if (text.isEmpty()) {
            throw fault(record, column, Fault.Reason.EMPTY, "is empty");
        }
        return text;
    }

    private FieldException fault(CsvRecord record, int column, Fault.Reason reason, String description) {
        Field field = record.fields().get(indexes[column]);
        return new FieldException(field.column(), reason, COLUMNS.get(column) + " " + description);
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
