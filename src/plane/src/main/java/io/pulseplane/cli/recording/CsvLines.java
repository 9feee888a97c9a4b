package io.pulseplane.cli.recording;

import io.pulseplane.cli.recording.CsvRecord.Field;
import io.pulseplane.cli.recording.TextLines.Line;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/**
 * Splits a CSV file into records (RFC 4180, separated by commas). A fault takes one line and no more: reading goes on
 * with the next line. So a quote that nobody closed does not swallow the lines behind it.
 *
 * <p>A quoted field may span lines if the reader says so for its column, and if none of the lines within it could be a
 * record of its own.
 */
final class CsvLines implements Closeable {

    private static final char SEPARATOR = ',';
    private static final char QUOTE = '"';

    /** Bound on the lines of a record. It bounds how far a stray quote looks for its end, too. */
    private static final int MAX_LINES_OF_RECORD = 100;

    private static final int NONE = -1;
    private static final int STRAY = -2;

    private final TextLines lines;

    /** Lines that were read ahead in search of the end of a quoted field. */
    private final Deque<Line> ahead = new ArrayDeque<>();

    private IntPredicate maySpanLines = _ -> false;
    private Predicate<CsvRecord> couldBeRecord = _ -> true;

    CsvLines(TextLines lines) {
        this.lines = lines;
    }

    /**
     * Sets what is known once the header is read.
     *
     * @param maySpanLines the fields, counted from 0, that may contain ends of lines
     * @param couldBeRecord whether a line may be meant as a record; it then ends a quoted field that is still open
     */
    void expect(IntPredicate maySpanLines, Predicate<CsvRecord> couldBeRecord) {
        this.maySpanLines = maySpanLines;
        this.couldBeRecord = couldBeRecord;
    }

    /** The next line that is not empty; null after the last. */
    CsvLine next() throws IOException {
        for (var line = nextLine(); line != null; line = nextLine()) {
            if (!line.text().isEmpty()) {
                return read(line);
            }
        }
        return null;
    }

    private Line nextLine() throws IOException {
        return ahead.isEmpty() ? lines.next() : ahead.removeFirst();
    }

    private CsvLine read(Line line) throws IOException {
        if (line.isTooLong()) {
            return new Fault(
                    line.number(),
                    1,
                    Fault.Reason.LINE_TOO_LONG,
                    "the line is longer than " + TextLines.MAX_LENGTH + " characters",
                    line.text());
        }
        int replaced = line.text().indexOf(TextLines.REPLACEMENT);
        if (replaced >= 0) {
            return new Fault(
                    line.number(),
                    replaced + 1,
                    Fault.Reason.UNDECODABLE,
                    "a character cannot be decoded; say with --charset in which charset the file is",
                    line.text());
        }
        var fields = new ArrayList<Field>();
        int open = split(line.text(), fields);
        if (open == NONE) {
            return new CsvRecord(line.number(), line.text(), fields);
        }
        var spanning = maySpanLines.test(fields.size()) ? spanningRecord(line, open) : null;
        return spanning != null ? spanning : strayQuote(line, open);
    }

    private static Fault strayQuote(Line line, int index) {
        return new Fault(
                line.number(),
                index + 1,
                Fault.Reason.STRAY_QUOTE,
                "a quoted field does not end, or text follows its end",
                line.text());
    }

    /**
     * Splits a line into fields.
     *
     * @param fields gets the fields; if a quoted one does not end properly, those before it
     * @return where the quoted field begins that does not end properly, or {@link #NONE} if there is none
     */
    private static int split(String text, List<Field> fields) {
        int start = 0;
        while (true) {
            int end;
            if (start < text.length() && text.charAt(start) == QUOTE) {
                int close = closingQuote(text, start + 1);
                if (close < 0) {
                    return start;
                }
                fields.add(new Field(text.substring(start + 1, close).replace("\"\"", "\""), start + 1, true));
                end = close + 1;
            } else {
                int separator = text.indexOf(SEPARATOR, start);
                end = separator < 0 ? text.length() : separator;
                fields.add(new Field(text.substring(start, end), start + 1, false));
            }
            if (end == text.length()) {
                return NONE;
            }
            start = end + 1;
        }
    }

    /** @return its index; {@link #NONE} if there is none, {@link #STRAY} if more than a separator follows it */
    private static int closingQuote(String text, int from) {
        for (int i = text.indexOf(QUOTE, from); i >= 0; i = text.indexOf(QUOTE, i + 2)) {
            if (i + 1 == text.length() || text.charAt(i + 1) == SEPARATOR) {
                return i;
            }
            if (text.charAt(i + 1) != QUOTE) {
                return STRAY;
            }
        }
        return NONE;
    }

    /** The record that begins in this line, with a quoted field that is still open, and ends in a later; or null. */
    private CsvRecord spanningRecord(Line first, int open) throws IOException {
        if (closingQuote(first.text(), open + 1) == STRAY) {
            return null;
        }
        var text = new StringBuilder(first.text());
        for (int count = 1; count < MAX_LINES_OF_RECORD && text.length() < TextLines.MAX_LENGTH; count++) {
            var line = lineAhead(count);
            if (line == null || line.isTooLong() || isRecord(line)) {
                return null;
            }
            text.append('\n').append(line.text());
            int close = closingQuote(line.text(), 0);
            if (close == STRAY) {
                return null;
            }
            if (close != NONE) {
                var joined = text.toString();
                var fields = new ArrayList<Field>();
                int next = split(joined, fields);
                if (next == NONE) {
                    return recordOf(first, joined, fields, count);
                }
                // Another field is open now.
                if (!maySpanLines.test(fields.size()) || closingQuote(joined, next + 1) == STRAY) {
                    return null;
                }
            }
        }
        return null;
    }

    private CsvRecord recordOf(Line first, String text, List<Field> fields, int linesAhead) {
        if (text.indexOf(TextLines.REPLACEMENT) >= 0) {
            return null;
        }
        for (int i = 0; i < linesAhead; i++) {
            ahead.removeFirst();
        }
        return new CsvRecord(first.number(), text, fields);
    }

    /** The line this many lines ahead, counted from 1; null if the file ends before it. */
    private Line lineAhead(int count) throws IOException {
        while (ahead.size() < count) {
            var line = lines.next();
            if (line == null) {
                return null;
            }
            ahead.addLast(line);
        }
        return ahead.stream().skip(count - 1L).findFirst().orElseThrow();
    }

    private boolean isRecord(Line line) {
        var fields = new ArrayList<Field>();
        // A record that opens a quoted field is one, too: its fields before the quote may be enough to tell.
        split(line.text(), fields);
        return couldBeRecord.test(new CsvRecord(line.number(), line.text(), fields));
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
