package io.pulseplane.vitals;

import java.text.Normalizer;
import java.util.Optional;

/**
 * The rule for patient_id, device_id, code and unit: 1 to {@value #MAX_LENGTH} printable characters in Unicode
 * normalisation form C.
 *
 * <p>Printable means that a person could tell two of them apart: no control, format, private or unassigned characters,
 * no lone surrogates, no line breaks, no blank at either end. Form C means that two ids that look alike because one was
 * typed on another keyboard are not two patients.
 */
public final class Identifier {

    public static final int MAX_LENGTH = 100;

    private Identifier() {}

    /** What is wrong with it, as the end of a sentence that starts with the field's name; empty if nothing is. */
    public static Optional<String> describeViolation(String text) {
        if (text.isEmpty()) {
            return Optional.of("must not be empty");
        }
        return describeTextViolation(text, MAX_LENGTH);
    }

    /** The same rule for a field that may be empty and has a bound of its own. */
    public static Optional<String> describeTextViolation(String text, int maxLength) {
        var plain = true;
        for (int i = 0; i < text.length() && plain; i++) {
            plain = text.charAt(i) > ' ' && text.charAt(i) <= '~';
        }
        var length = plain ? text.length() : text.codePointCount(0, text.length());
        if (length > maxLength) {
            return Optional.of("must have at most " + maxLength + " characters, has " + length);
        }
        return plain ? Optional.empty() : describeNonAsciiViolation(text);
    }

    private static Optional<String> describeNonAsciiViolation(String text) {
        if (!text.codePoints().allMatch(Identifier::isPrintable)) {
            return Optional.of("must consist of printable characters");
        }
        if (!text.equals(text.strip())) {
            return Optional.of("must not start or end with a blank");
        }
        if (!Normalizer.isNormalized(text, Normalizer.Form.NFC)) {
            return Optional.of("must be in Unicode normalisation form C");
        }
        return Optional.empty();
    }

    private static boolean isPrintable(int codePoint) {
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
