package io.pulseplane.vitals;

import java.text.Normalizer;
import java.util.Optional;

/**
 * The rule for names of people and for other texts that are shown, and that nothing is looked up by: characters in
 * Unicode normalisation form C that a person can write.
 *
 * <p>It takes what {@link Identifier} refuses and names need: apostrophes and marks of every script, the joiners U+200C
 * and U+200D (Persian, Urdu, Indic scripts) and variation selectors (Japanese family names, Mongolian), each after a
 * letter or a mark, and every space separator, but not at the ends. It refuses what can only deceive or get lost:
 * control and other format characters, such as those that turn the direction of writing, fillers, private, unassigned
 * and replacement characters, and lone surrogates.
 */
public final class DisplayText {

    private static final int ZERO_WIDTH_NON_JOINER = 0x200C;
    private static final int ZERO_WIDTH_JOINER = 0x200D;

    private DisplayText() {}

    /**
     * Describes the first violation of the rule, as the end of a sentence that starts with the field's name; empty if
     * the text follows the rule. An empty text does.
     */
    public static Optional<String> describeViolation(String text, int maxLength) {
        if (Identifier.isVisibleAscii(text)) {
            return Identifier.describeLength(text.length(), maxLength);
        }
        return Identifier.describeLength(text.codePointCount(0, text.length()), maxLength)
                .or(() -> describeCharacters(text))
                .or(() -> Normalizer.isNormalized(text, Normalizer.Form.NFC)
                        ? Optional.empty()
                        : Optional.of("must be in Unicode normalisation form C"));
    }

    private static Optional<String> describeCharacters(String text) {
        int previous = ' ';
        for (int i = 0; i < text.length(); i += Character.charCount(previous)) {
            int codePoint = text.codePointAt(i);
            boolean atEnd = i == 0 || i + Character.charCount(codePoint) == text.length();
            if (Visibility.isSpaceSeparator(codePoint)) {
                if (atEnd) {
                    return Optional.of("must not start or end with a blank");
                }
            } else if (!Visibility.isVisible(codePoint) && !(isJoining(codePoint) && canCarry(previous))) {
                return Optional.of("must consist of printable characters, " + Visibility.name(codePoint) + " is none"
                        + (isJoining(codePoint) ? " except after a letter" : ""));
            }
            previous = codePoint;
        }
        return Optional.empty();
    }

    private static boolean isJoining(int codePoint) {
        return codePoint == ZERO_WIDTH_NON_JOINER
                || codePoint == ZERO_WIDTH_JOINER
                || Visibility.isVariationSelector(codePoint);
    }

    /** A joiner after a joiner changes nothing that is shown. */
    private static boolean canCarry(int codePoint) {
        return Visibility.isVisible(codePoint) && (Character.isLetter(codePoint) || Visibility.isMark(codePoint));
    }
}
