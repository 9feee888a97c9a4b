package io.pulseplane.cli.recording;

import java.util.List;

/**
 * A record of a CSV file.
 *
 * @param line the number of its first line, from 1
 * @param text its lines, as they are in the file
 */
record CsvRecord(long line, String text, List<Field> fields) implements CsvLine {

    /**
     * @param text without the quotes around it
     * @param column the character of the line where the field begins, from 1
     */
    record Field(String text, int column, boolean isQuoted) {

        /** Quotes that stand within an unquoted field. */
        boolean hasStrayQuote() {
            return !isQuoted && text.indexOf('"') >= 0;
        }
    }

    Fault fault(int column, Fault.Reason reason, String detail) {
        return new Fault(line, column, reason, detail, text);
    }
}
