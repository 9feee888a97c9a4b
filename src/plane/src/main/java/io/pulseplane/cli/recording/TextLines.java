package io.pulseplane.cli.recording;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;

/**
 * Reads lines of text, which end with LF, CR LF or CR. Bytes that are not text in the charset become {@link
 * #REPLACEMENT}; whoever reads the lines must refuse those with such a character.
 */
final class TextLines implements Closeable {

    /** Bound on a line, in characters. Of a longer line, the rest is skipped. */
    static final int MAX_LENGTH = 64 * 1024;

    /** Stands for bytes that cannot be decoded, here and in files that other programs have written. */
    static final char REPLACEMENT = '\uFFFD';

    private static final char BYTE_ORDER_MARK = '\uFEFF';
    private static final int END = -1;

    /** @param number from 1 */
    record Line(long number, String text, boolean isTooLong) {}

    private final Reader reader;
    private final char[] buffer = new char[MAX_LENGTH];
    private int position;
    private int limit;
    private long number;
    private boolean skipLineFeed;

    TextLines(InputStream in, Charset charset) {
        reader = new InputStreamReader(
                in,
                charset.newDecoder()
                        .onMalformedInput(CodingErrorAction.REPLACE)
                        .onUnmappableCharacter(CodingErrorAction.REPLACE)
                        .replaceWith(String.valueOf(REPLACEMENT)));
    }

    /** The next line; null after the last. */
    Line next() throws IOException {
        var text = new StringBuilder();
        boolean hasCharacters = false;
        boolean isTooLong = false;
        while (true) {
            if (position == limit && !fill()) {
                return hasCharacters ? line(text, isTooLong) : null;
            }
            if (skipLineFeed && buffer[position] == '\n') {
                position++;
                skipLineFeed = false;
                continue;
            }
            skipLineFeed = false;
            hasCharacters = true;
            int end = endOfLine();
            int length = Math.min(end - position, MAX_LENGTH - text.length());
            text.append(buffer, position, length);
            isTooLong |= length < end - position;
            position = end;
            if (end < limit) {
                skipLineFeed = buffer[end] == '\r';
                position++;
                return line(text, isTooLong);
            }
        }
    }

    private int endOfLine() {
        int end = position;
        while (end < limit && buffer[end] != '\n' && buffer[end] != '\r') {
            end++;
        }
        return end;
    }

    private boolean fill() throws IOException {
        int read = reader.read(buffer, 0, buffer.length);
        position = 0;
        limit = Math.max(read, 0);
        return read != END;
    }

    private Line line(StringBuilder text, boolean isTooLong) {
        number++;
        if (number == 1 && !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK) {
            text.deleteCharAt(0);
        }
        return new Line(number, text.toString(), isTooLong);
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
