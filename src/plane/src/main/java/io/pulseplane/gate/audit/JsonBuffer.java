package io.pulseplane.gate.audit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Bytes of JSON, written one after the other into memory that is used again. Allocates nothing; the room is the
 * caller's to look after.
 */
final class JsonBuffer {

    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private static final int MAX_DIGITS = 19;

    /** An escaped character of a string takes no more. */
    static final int MAX_CHARACTER_BYTES = 6;

    /** Characters that stand for themselves within a JSON string. */
    private static final boolean[] UNESCAPED = unescaped();

    private final byte[] bytes;
    private int length;

    JsonBuffer(int capacity) {
        bytes = new byte[capacity];
    }

    private static boolean[] unescaped() {
        var plain = new boolean[128];
        Arrays.fill(plain, ' ', 0x7F, true);
        plain['"'] = false;
        plain['\\'] = false;
        return plain;
    }

    int length() {
        return length;
    }

    byte[] bytes() {
        return bytes;
    }

    void clear() {
        length = 0;
    }

    ByteBuffer view() {
        return ByteBuffer.wrap(bytes, 0, length);
    }

    /** What is read by people who look at bytes: every character is one. */
    void raw(byte[] ascii) {
        raw(ascii, ascii.length);
    }

    void raw(byte[] from, int count) {
        System.arraycopy(from, 0, bytes, length, count);
        length += count;
    }

    void raw(String ascii) {
        raw(ascii.getBytes(StandardCharsets.US_ASCII));
    }

    void raw(char ascii) {
        bytes[length++] = (byte) ascii;
    }

    void number(long number) {
        if (number < 0) {
            raw(Long.toString(number));
            return;
        }
        int digits = digits(number);
        int at = length + digits;
        length = at;
        long rest = number;
        do {
            long tenth = rest / 10;
            bytes[--at] = (byte) ('0' + (rest - tenth * 10));
            rest = tenth;
        } while (rest != 0);
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
     * The inside of a JSON string. What a person could not see, or what could turn the line around on a terminal, is
     * escaped; so are halves of surrogate pairs, which UTF-8 has no bytes for.
     */
    void text(String text) {
        var to = bytes;
        int at = length;
        int end = text.length();
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c < UNESCAPED.length && UNESCAPED[c]) {
                to[at++] = (byte) c;
            } else {
                length = at;
                i += special(text, i);
                at = length;
            }
        }
        length = at;
    }

    /** Says how many characters it took beyond the one. */
    private int special(String text, int index) {
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
            bytes[length++] = HEX[unit >> shift & 0xF];
        }
    }

    private void utf8(int codePoint) {
        if (codePoint < 0x800) {
            bytes[length++] = (byte) (0xC0 | codePoint >> 6);
        } else {
            if (codePoint < 0x10000) {
                bytes[length++] = (byte) (0xE0 | codePoint >> 12);
            } else {
                bytes[length++] = (byte) (0xF0 | codePoint >> 18);
                bytes[length++] = (byte) (0x80 | codePoint >> 12 & 0x3F);
            }
            bytes[length++] = (byte) (0x80 | codePoint >> 6 & 0x3F);
        }
        bytes[length++] = (byte) (0x80 | codePoint & 0x3F);
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
