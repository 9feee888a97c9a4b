package io.pulseplane.gate.audit;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** One kind of line that is not a record, as text: each has exactly one spelling. */
final class LineFormat {

    /** No such line is longer, whatever its numbers and however the node is called. */
    static final int MAX_BYTES = 4 << 10;

    /** What stands between that which a digest covers and the digest. */
    static final String DIGEST = ",\"digest\":\"";

    /** What stands between that which a signature covers and the signature. */
    static final String SIGNATURE = ",\"signature\":\"";

    static final String END = "\"}}\n";

    private final Pattern pattern;

    /** @param shape the line with {@code #} for a number, {@code @} for a digest, {@code !} for a signature and {@code *} for text */
    LineFormat(String shape) {
        var regex = new StringBuilder();
        for (char c : shape.toCharArray()) {
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
    <T> Optional<T> parse(String line, Function<MatchResult, T> as) {
        var matcher = pattern.matcher(line);
        try {
            return matcher.matches() ? Optional.of(as.apply(matcher)) : Optional.empty();
        } catch (NumberFormatException _) {
            return Optional.empty(); // More digits than a number has.
        }
    }

    static long number(MatchResult match, int group) {
        return Long.parseLong(match.group(group));
    }

    static String text(byte[] bytes, int from, int length) {
        return new String(bytes, from, length, StandardCharsets.UTF_8);
    }
}
