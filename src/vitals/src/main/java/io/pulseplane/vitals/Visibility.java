package io.pulseplane.vitals;

import java.util.Arrays;

/** Which characters leave a mark that a person sees, by their properties in the Unicode of the running JDK. */
final class Visibility {

    /**
     * First and last of each range of characters that nobody sees although their category says otherwise: those of the
     * property Default_Ignorable_Code_Point in Unicode 16 that are letters or marks (fillers of Hangul, inherent vowels
     * of Khmer, variation selectors, the grapheme joiner), other fillers and blanks (Braille, Egyptian, Khitan, the
     * null notehead), and the two replacement characters, which stand for a content that is lost.
     */
    private static final int[] INVISIBLE_RANGES = {
        0x034F, 0x034F,
        0x115F, 0x1160,
        0x17B4, 0x17B5,
        0x180B, 0x180F,
        0x2800, 0x2800,
        0x3164, 0x3164,
        0xFE00, 0xFE0F,
        0xFFA0, 0xFFA0,
        0xFFFC, 0xFFFD,
        0x13441, 0x13442,
        0x16FE4, 0x16FE4,
        0x1D159, 0x1D159,
        0xE0000, 0xE0FFF
    };

    private Visibility() {}

    /** Blanks, too, are not visible. */
    static boolean isVisible(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.SPACE_SEPARATOR,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> !isInInvisibleRange(codePoint);
        };
    }

    private static boolean isInInvisibleRange(int codePoint) {
        int position = Arrays.binarySearch(INVISIBLE_RANGES, codePoint);
        // Between the first and the last of a range, the insertion point is odd.
        return position >= 0 || (-position - 1) % 2 == 1;
    }

    static boolean isSpaceSeparator(int codePoint) {
        return Character.getType(codePoint) == Character.SPACE_SEPARATOR;
    }

    static boolean isMark(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> true;
            default -> false;
        };
    }

    static boolean isVariationSelector(int codePoint) {
        return (codePoint >= 0xFE00 && codePoint <= 0xFE0F)
                || (codePoint >= 0xE0100 && codePoint <= 0xE01EF)
                || (codePoint >= 0x180B && codePoint <= 0x180D)
                || codePoint == 0x180F;
    }

    /** Describes a character for a message: a caller cannot be shown what nobody sees. */
    static String name(int codePoint) {
        return "U+%04X".formatted(codePoint);
    }
}
