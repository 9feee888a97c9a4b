package io.pulseplane.vitals;

import java.text.Normalizer;
import java.util.Optional;

/**
 * The rule for patient_id, device_id, code and unit: 1 to {@value #MAX_LENGTH} printable characters in Unicode
 * normalisation form C.
 *
 * <p>Printable means that a person can distinguish two identifiers: no control, format, private or unassigned
 * characters, no lone surrogates, no line breaks, no blank at either end. Form C prevents that two ids that look the
 * same, but were typed on different keyboards, become two patients.
 */
public final class Identifier {

    public static final int MAX_LENGTH = 100;

    private Identifier() {}

    /**
     * Describes the first violation of the rule, as the end of a sentence that starts with the field's name; empty if
     * the text follows the rule.
     */
    public static Optional<String> describeViolation(String text) {
        if (text.isEmpty()) {
            return Optional.of("must not be empty");
        }
        return describeTextViolation(text, MAX_LENGTH);
    }

    /** Applies the same rule to a field that may be empty and has its own maximum length. */
    public static Optional<String> describeTextViolation(String text, int maxLength) {
        var printableAscii = true;
        for (int i = 0; i < text.length() && printableAscii; i++) {
            printableAscii = text.charAt(i) > ' ' && text.charAt(i) <= '~';
        }
        var length = printableAscii ? text.length() : text.codePointCount(0, text.length());
        if (length > maxLength) {
            return Optional.of("must have at most " + maxLength + " characters, has " + length);
        }
        return printableAscii ? Optional.empty() : describeNonAsciiViolation(text);
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
