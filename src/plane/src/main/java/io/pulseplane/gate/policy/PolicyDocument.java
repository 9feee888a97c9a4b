package io.pulseplane.gate.policy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The document {@code {"allow": …, "deny": …, "reasons": […]}} of a policy. Only {@code "allow": true} without a deny
 * permits; everything else refuses.
 *
 * @param revision the revision of the policy that an OPA server names; null if it names none
 */
record PolicyDocument(boolean isPermitted, List<String> reasons, String revision) {

    private static final int MAX_REASONS = 32;

    /** Reasons go into the audit trail and to callers, so they are words, not sentences that could name a person. */
    private static final Pattern REASON_PATTERN = Pattern.compile("[a-z][a-z0-9_]{0,63}");

    /** Takes the place of a reason that is not such a word. */
    private static final String OTHER_REASON = "other";

    /** The reason if a policy refuses without one. */
    private static final String DEFAULT_REASON = "default";

    /** Refuses duplicate members, because they could be read in two ways. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** Reads the result of a module: {@code [{"result": document}]}. */
    static PolicyDocument parseModuleAnswer(byte[] json) throws IOException {
        try (var parser = JSON.createParser(json)) {
            expect(parser.nextToken(), JsonToken.START_ARRAY);
            expect(parser.nextToken(), JsonToken.START_OBJECT);
            var answer = result(parser);
            expect(parser.nextToken(), JsonToken.END_ARRAY);
            expect(parser.nextToken(), null);
            return answer;
        }
    }

    /** Reads the answer of an OPA server: {@code {"result": document, "provenance": …}}. */
    static PolicyDocument parseServerAnswer(byte[] json) throws IOException {
        try (var parser = JSON.createParser(json)) {
            expect(parser.nextToken(), JsonToken.START_OBJECT);
            var answer = result(parser);
            expect(parser.nextToken(), null);
            return answer;
        }
    }

    /** Reads an object of names and numbers. */
    static Map<String, Integer> parseNumbersByName(byte[] json) {
        try (var parser = JSON.createParser(json)) {
            var numbers = new HashMap<String, Integer>();
            expect(parser.nextToken(), JsonToken.START_OBJECT);
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                expect(parser.currentToken(), JsonToken.FIELD_NAME);
                var name = parser.currentName();
                parser.nextToken();
                numbers.put(name, parser.getIntValue());
            }
            return numbers;
        } catch (IOException e) {
            throw new IllegalArgumentException("The policy's list of functions or entrypoints is not valid", e);
        }
    }

    private static PolicyDocument result(JsonParser parser) throws IOException {
        PolicyDocument answer = null;
        String revision = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            expect(parser.currentToken(), JsonToken.FIELD_NAME);
            var name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "result" -> answer = document(parser);
                case "provenance" -> revision = Provenance.revision(parser);
                default -> parser.skipChildren();
            }
        }
        if (answer == null) {
            throw new IOException("The policy's document is undefined");
        }
        return new PolicyDocument(answer.isPermitted, answer.reasons, revision);
    }

    private static PolicyDocument document(JsonParser parser) throws IOException {
        expect(parser.currentToken(), JsonToken.START_OBJECT);
        var allowed = false;
        var denied = false;
        List<String> reasons = List.of();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            expect(parser.currentToken(), JsonToken.FIELD_NAME);
            var name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "allow" -> allowed = isTrue(parser);
                case "deny" -> denied = isNonEmpty(parser);
                case "reasons" -> reasons = words(parser);
                default -> parser.skipChildren();
            }
        }
        if (allowed && !denied) {
            return new PolicyDocument(true, List.of(), null);
        }
        return new PolicyDocument(false, reasons.isEmpty() ? List.of(DEFAULT_REASON) : reasons, null);
    }

    private static boolean isTrue(JsonParser parser) throws IOException {
        var isTrue = parser.currentToken() == JsonToken.VALUE_TRUE;
        parser.skipChildren();
        return isTrue;
    }

    /** A policy denies with true or with a set of messages. Only false and an empty set deny nothing. */
    private static boolean isNonEmpty(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case VALUE_FALSE -> false;
            case START_ARRAY -> {
                var count = 0;
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    parser.skipChildren();
                    count++;
                }
                yield count > 0;
            }
            default -> {
                parser.skipChildren();
                yield true;
            }
        };
    }

    private static List<String> words(JsonParser parser) throws IOException {
        expect(parser.currentToken(), JsonToken.START_ARRAY);
        var words = new ArrayList<String>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            var word = parser.currentToken() == JsonToken.VALUE_STRING ? parser.getText() : OTHER_REASON;
            parser.skipChildren();
            if (words.size() == MAX_REASONS) {
                throw new IOException("The policy gives more than " + MAX_REASONS + " reasons");
            }
            words.add(REASON_PATTERN.matcher(word).matches() ? word : OTHER_REASON);
        }
        return words.stream().distinct().sorted().toList();
    }

    private static void expect(JsonToken actual, JsonToken expected) throws IOException {
        if (actual != expected) {
            throw new IOException("The policy's answer does not have the form of an answer");
        }
    }
}
