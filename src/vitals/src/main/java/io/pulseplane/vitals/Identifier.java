package io.pulseplane.vitals;

import java.text.Normalizer;
import java.util.Optional;

/**
 * The rule for patient_id, device_id, code, unit and other texts that name one thing: 1 to {@value #MAX_LENGTH} visible
 * characters, and single blanks between them, in Unicode normalisation form C.
 *
 * <p>Whoever reads two ids, in whatever font, should see whether they differ. So there is no control, format, private
 * or unassigned character, no lone surrogate, no variation selector, filler or other character that leaves no mark, and
 * the only blank is U+0020: single, and not at the ends. Form C prevents that one id typed on two keyboards becomes two
 * patients. A combining mark stands on a character, and the same mark not twice on it, because the second one is drawn
 * over the first.
 *
 * <p>Visible characters that look alike, such as Latin and Cyrillic a, or the micro sign and the Greek letter, are
 * different, and all are allowed: an id is the sequence of its bytes in UTF-8, and the plane never takes one id for
 * another. Whoever issues ids keeps to one script.
 *
 * <p>What is assigned depends on the Unicode version of the JDK.
 */
public final class Identifier {

    public static final int MAX_LENGTH = 100;

    private Identifier() {}

    /**
     * Describes the first violation of the rule, as the end of a sentence that starts with the field's name; empty if
     * the text follows the rule.
     */
    public static Optional<String> describeViolation(String text) {
        return text.isEmpty() ? Optional.of("must not be empty") : describeViolation(text, MAX_LENGTH);
    }

    /** Applies the same rule to a field that may be empty and has its own maximum length. */
    public static Optional<String> describeViolation(String text, int maxLength) {
        if (isVisibleAscii(text)) {
            return describeLength(text.length(), maxLength);
        }
        return describeLength(text.codePointCount(0, text.length()), maxLength)
                .or(() -> describeCharacters(text))
                .or(() -> describeForm(text));
    }

    static boolean isVisibleAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) <= ' ' || text.charAt(i) > '~') {
                return false;
            }
        }
        return true;
    }

    static Optional<String> describeLength(int length, int maxLength) {
        return length <= maxLength
                ? Optional.empty()
                : Optional.of("must have at most " + maxLength + " characters, has " + length);
    }

    private static Optional<String> describeCharacters(String text) {
        int previous = ' ';
        for (int i = 0; i < text.length(); i += Character.charCount(previous)) {
            int codePoint = text.codePointAt(i);
            if (codePoint == ' ') {
                if (previous == ' ') {
                    return Optional.of(
                            i == 0 ? "must not start or end with a blank" : "must not have two blanks in a row");
                }
            } else if (!Visibility.isVisible(codePoint)) {
                return Optional.of("must consist of printable characters, " + Visibility.name(codePoint) + " is none");
            } else if (Visibility.isMark(codePoint) && (previous == ' ' || previous == codePoint)) {
                return Optional.of("must have each combining mark once, on a character; " + Visibility.name(codePoint)
                        + " stands alone or twice");
            }
            previous = codePoint;
        }
        return previous == ' ' ? Optional.of("must not start or end with a blank") : Optional.empty();
    }

    private static Optional<String> describeForm(String text) {
        return Normalizer.isNormalized(text, Normalizer.Form.NFC)
                ? Optional.empty()
                : Optional.of("must be in Unicode normalisation form C");
    }
}
