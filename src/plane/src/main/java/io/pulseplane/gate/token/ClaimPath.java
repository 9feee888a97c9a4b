package io.pulseplane.gate.token;

import io.pulseplane.vitals.PlaneException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where a claim is: a name, or a path of names with {@code /} between them, such as Keycloak's {@code
 * realm_access/roles}. In a path, {@code ~1} is a slash and {@code ~0} is a tilde, as in a JSON pointer (RFC 6901), and
 * the first slash may be there or not. A claim whose name is the whole text comes first, because some providers use
 * URLs as names.
 */
record ClaimPath(String text, List<String> steps) {

    /** What the token has of a claim that the provider keeps elsewhere (OpenID Connect Core 1.0, 5.6.2). */
    private static final String REFERENCES = "_claim_names";

    static ClaimPath of(String text) {
        var path = text.startsWith("/") ? text.substring(1) : text;
        return new ClaimPath(
                text,
                Stream.of(path.split("/", -1))
                        .map(step -> step.replace("~1", "/").replace("~0", "~"))
                        .toList());
    }

    /** The name of the claim, without the path to it. */
    String name() {
        return steps.getLast();
    }

    /**
     * Returns the value, or null if there is no such claim or if it is null.
     *
     * @throws PlaneException.Unauthenticated if the token has a reference in place of the claim, as tokens of Entra ID
     *     have it for a user in many groups
     */
    Object find(Map<String, Object> claims) {
        if (claims.containsKey(text)) {
            return claims.get(text);
        }
        Object value = claims;
        for (var step : steps) {
            value = value instanceof Map<?, ?> object ? object.get(step) : null;
        }
        if (value == null
                && claims.get(REFERENCES) instanceof Map<?, ?> references
                && (references.containsKey(text) || references.containsKey(steps.getFirst()))) {
            throw new PlaneException.Unauthenticated(
                    "the token has a reference in place of the claim " + text + " (" + REFERENCES + ")");
        }
        return value;
    }
}
