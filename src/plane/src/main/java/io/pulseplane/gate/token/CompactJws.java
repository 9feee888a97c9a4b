package io.pulseplane.gate.token;

import io.pulseplane.vitals.PlaneException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jose4j.json.JsonUtil;
import org.jose4j.lang.JoseException;

/**
 * A signed token in three parts (RFC 7515). It is parsed strictly: a token has one spelling only, and a header that
 * asks for extensions is refused. Nothing in it may be trusted before the signature is verified.
 *
 * @param keyId {@code kid}; empty if the token does not name its key
 * @param signingInput the bytes that are signed
 */
record CompactJws(Algorithm algorithm, Optional<String> keyId, byte[] signingInput, String payload, byte[] signature) {

    /** Explicit typing, as RFC 8725 asks for: a token of another type is not an access token. */
    private static final Set<String> TYPES = Set.of("jwt", "at+jwt", "application/jwt", "application/at+jwt");

    private static final int PARTS = 3;

    /** @throws PlaneException.Unauthenticated if the text is not such a token */
    static CompactJws parse(String text) {
        var parts = text.split("\\.", PARTS + 1);
        if (parts.length != PARTS) {
            throw new PlaneException.Unauthenticated("the token is not a signed JWT");
        }
        var header = json(utf8(decode(parts[0])));
        requirePlainHeader(header);
        var algorithm = Algorithm.of(header.get("alg"))
                .orElseThrow(() -> new PlaneException.Unauthenticated(
                        "the token's algorithm is none of RS256, PS256, ES256 and EdDSA"));
        return new CompactJws(
                algorithm,
                keyId(header),
                (parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII),
                utf8(decode(parts[1])),
                decode(parts[2]));
    }

    Map<String, Object> claims() {
        return json(payload);
    }

    private static void requirePlainHeader(Map<String, Object> header) {
        if (header.containsKey("crit") || header.containsKey("b64") || header.containsKey("zip")) {
            throw new PlaneException.Unauthenticated("the token uses extensions that the plane does not support");
        }
        if (header.containsKey("enc") || header.containsKey("cty")) {
            throw new PlaneException.Unauthenticated("the token has another token in it");
        }
        if (header.containsKey("typ")
                && !(header.get("typ") instanceof String type && TYPES.contains(type.toLowerCase(Locale.ROOT)))) {
            throw new PlaneException.Unauthenticated("the token is not an access token");
        }
    }

    private static Optional<String> keyId(Map<String, Object> header) {
        if (!header.containsKey("kid")) {
            return Optional.empty();
        }
        if (header.get("kid") instanceof String id && !id.isEmpty() && id.length() <= JwksReader.MAX_ID_LENGTH) {
            return Optional.of(id);
        }
        throw new PlaneException.Unauthenticated(
                "the token's key id must be a text of 1 to " + JwksReader.MAX_ID_LENGTH + " characters");
    }

    private static byte[] decode(String part) {
        try {
            var bytes = Base64.getUrlDecoder().decode(part);
            // The decoder also accepts padding, and any bits after the last whole byte.
            if (bytes.length > 0
                    && Base64.getUrlEncoder()
                            .withoutPadding()
                            .encodeToString(bytes)
                            .equals(part)) {
                return bytes;
            }
        } catch (IllegalArgumentException _) {
            // Handled below.
        }
        throw new PlaneException.Unauthenticated("the token is not a signed JWT");
    }

    private static String utf8(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException _) {
            throw new PlaneException.Unauthenticated("the token is not a signed JWT");
        }
    }

    /** jose4j refuses a name that occurs twice: two readers could take different values. */
    private static Map<String, Object> json(String text) {
        try {
            return JsonUtil.parseJson(text);
        } catch (JoseException | RuntimeException _) {
            throw new PlaneException.Unauthenticated("the token is not a signed JWT");
        }
    }
}
