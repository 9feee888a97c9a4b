package io.pulseplane.gate.audit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A buffer of JSON text of a fixed capacity that is used again and again. Writing numbers and texts allocates nothing,
 * except for negative numbers and escaped characters. The caller must make sure that the capacity is large enough.
 */
public final class JsonBuffer {

    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private static final int MAX_DIGITS = 19;

    /** The greatest length of one {@code char} of a string, escaped. */
    static final int MAX_CHARACTER_BYTES = 6;

    /** Which ASCII characters a JSON string can have unescaped. */
    private static final boolean[] UNESCAPED = unescaped();

    private final byte[] bytes;
    private int length;

    public JsonBuffer(int capacity) {
        bytes = new byte[capacity];
    }

    private static boolean[] unescaped() {
        var unescaped = new boolean[128];
        Arrays.fill(unescaped, ' ', 0x7F, true);
        unescaped['"'] = false;
        unescaped['\\'] = false;
        return unescaped;
    }

    public int length() {
        return length;
    }

    public byte[] bytes() {
        return bytes;
    }

    public void clear() {
        length = 0;
    }

    public ByteBuffer view() {
        return ByteBuffer.wrap(bytes, 0, length);
    }

    /** Appends bytes as they are, without escaping. */
    public void raw(byte[] ascii) {
        raw(ascii, ascii.length);
    }

    public void raw(byte[] ascii, int count) {
        System.arraycopy(ascii, 0, bytes, length, count);
        length += count;
    }

    public void raw(String ascii) {
        raw(ascii.getBytes(StandardCharsets.US_ASCII));
    }

    public void raw(char ascii) {
        bytes[length++] = (byte) ascii;
    }

    void number(long number) {
        if (number < 0) {
            raw(Long.toString(number));
            return;
        }
        int digits = digits(number);
        int index = length + digits;
        length = index;
        long remainder = number;
        do {
            long tenth = remainder / 10;
            bytes[--index] = (byte) ('0' + (remainder - tenth * 10));
            remainder = tenth;
        } while (remainder != 0);
    }

    private static int digits(long number) {
        long power = 10;
        for (int digits = 1; digits < MAX_DIGITS; digits++) {
            if (number < power) {
                return digits;
            }
            power *= 10;
        }
        return MAX_DIGITS;
    }

    /**
     * Appends the inside of a JSON string. Escapes invisible characters and those that change the direction of text on
     * a terminal, so that a reader sees them. Also escapes unpaired surrogates, because UTF-8 cannot encode them.
     */
    void text(String text) {
        var target = bytes;
        int index = length;
        int end = text.length();
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c < UNESCAPED.length && UNESCAPED[c]) {
                target[index++] = (byte) c;
            } else {
                length = index;
                i += escapeOrEncode(text, i);
                index = length;
            }
        }
        length = index;
    }

    /** Appends one code point, and returns how many more {@code char}s than one it has. */
    private int escapeOrEncode(String text, int index) {
        int codePoint = text.codePointAt(index);
        if (codePoint == '"' || codePoint == '\\') {
            raw('\\');
            raw((char) codePoint);
        } else if (isVisible(codePoint)) {
            utf8(codePoint);
        } else {
            for (char unit : Character.toChars(codePoint)) {
                escape(unit);
            }
        }
        return Character.charCount(codePoint) - 1;
    }

    private void escape(char unit) {
        raw('\\');
        raw('u');
        for (int shift = 12; shift >= 0; shift -= 4) {
            bytes[length++] = HEX[(unit >> shift) & 0xF];
        }
    }

    private void utf8(int codePoint) {
        if (codePoint < 0x800) {
            bytes[length++] = (byte) (0xC0 | (codePoint >> 6));
        } else {
            if (codePoint < 0x10000) {
                bytes[length++] = (byte) (0xE0 | (codePoint >> 12));
            } else {
                bytes[length++] = (byte) (0xF0 | (codePoint >> 18));
                bytes[length++] = (byte) (0x80 | ((codePoint >> 12) & 0x3F));
            }
            bytes[length++] = (byte) (0x80 | ((codePoint >> 6) & 0x3F));
        }
        bytes[length++] = (byte) (0x80 | (codePoint & 0x3F));
    }

    private static boolean isVisible(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
