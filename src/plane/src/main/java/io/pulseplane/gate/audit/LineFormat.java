package io.pulseplane.gate.audit;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The format of one kind of line that is not a record. The same values always give the same bytes. */
public final class LineFormat {

    /** The greatest length of such a line, with the longest numbers and the longest name of a node. */
    public static final int MAX_BYTES = 4 << 10;

    /** The text between the bytes that a digest covers and the digest. */
    public static final String DIGEST = ",\"digest\":\"";

    /** The text between the bytes that a signature covers and the signature. */
    static final String SIGNATURE = ",\"signature\":\"";

    public static final String END = "\"}}\n";

    private final Pattern pattern;

    /**
     * @param template the line with {@code #} for a number, {@code @} a digest, {@code !} a signature, {@code *} a text
     */
    LineFormat(String template) {
        var regex = new StringBuilder();
        for (int i = 0; i < template.length(); i++) {
            char c = template.charAt(i);
            regex.append(
                    switch (c) {
                        case '#' -> "(-?[0-9]{1,19})";
                        case '@' -> "([0-9a-f]{64})";
                        case '!' -> "([0-9a-f]{128})";
                        case '*' -> "((?:[^\"\\\\\\n]|\\\\.)*)";
                        default -> Pattern.quote(String.valueOf(c));
                    });
        }
        pattern = Pattern.compile(regex.toString());
    }

    /** Empty if the line is not of this kind. */
    <T> Optional<T> parse(String line, Function<MatchResult, T> factory) {
        var matcher = pattern.matcher(line);
        try {
            return matcher.matches() ? Optional.of(factory.apply(matcher)) : Optional.empty();
        } catch (NumberFormatException _) {
            return Optional.empty(); // The number has too many digits for a long.
        }
    }

    static long number(MatchResult match, int group) {
        return Long.parseLong(match.group(group));
    }

    static String text(byte[] bytes, int from, int length) {
        return new String(bytes, from, length, StandardCharsets.UTF_8);
    }
}
