package io.pulseplane.cli.recording;

import java.util.Locale;

/**
 * Why a line was left out.
 *
 * @param line its number in the file, from 1
 * @param column the character of the line where the faulty field begins, from 1
 * @param detail the reason in words
 * @param text the line
 */
public record Fault(long line, int column, Reason reason, String detail, String text) implements CsvLine {

    /** The kinds of faults. Their labels stand in files of rejects and in summaries. */
    public enum Reason {
        /** Bytes are not text in the file's charset, or an earlier program has replaced such bytes. */
        UNDECODABLE,
        /** A quote begins or ends where no quoted field begins or ends. */
        STRAY_QUOTE,
        /** The line is longer than {@link TextLines#MAX_LENGTH}. */
        LINE_TOO_LONG,
        /** The line has more fields than the header. */
        TOO_MANY_FIELDS,
        /** A field is empty, or missing at the end of the line. */
        EMPTY,
        /** The field is no time, or could be several. */
        TIME,
        /** The time has no offset from UTC, and no zone is given. */
        TIME_WITHOUT_ZONE,
        /** The time is a number, and no unit is given. */
        TIME_WITHOUT_UNIT,
        /** The field is not a number. */
        NUMBER;

        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
