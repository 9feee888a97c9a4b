package io.pulseplane.gate.token;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import io.pulseplane.ReadingFixtures;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.EcJwkGenerator;
import org.jose4j.jwk.JsonWebKey.OutputControlLevel;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.OctetKeyPairJsonWebKey;
import org.jose4j.jwk.OkpJwkGenerator;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.RsaJwkGenerator;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.keys.EllipticCurves;
import org.jose4j.lang.JoseException;

/**
 * An identity provider with keys. It signs tokens with another library than the one that the plane checks them with.
 */
public final class IdentityProvider {

    static final long SECOND = 1_000_000L;

    /** The time at the start of most tests, in seconds since the epoch. */
    static final long NOW = 1_800_000_000L;

    public static final PublicJsonWebKey RSA = key("RS256", "rsa-1");
    public static final PublicJsonWebKey PSS = key("PS256", "pss-1");
    public static final PublicJsonWebKey EC = key("ES256", "ec-1");
    public static final PublicJsonWebKey ED = key("EdDSA", "ed-1");

    private IdentityProvider() {}

    static AtomicLong clock() {
        return new AtomicLong(NOW * SECOND);
    }

    public static PublicJsonWebKey key(String algorithm, String id) {
        try {
            var key =
                    switch (algorithm) {
                        case "RS256", "PS256" -> RsaJwkGenerator.generateJwk(2_048);
                        case "ES256" -> EcJwkGenerator.generateJwk(EllipticCurves.P256);
                        default -> OkpJwkGenerator.generateJwk(OctetKeyPairJsonWebKey.SUBTYPE_ED25519);
                    };
            key.setAlgorithm(algorithm);
            key.setKeyId(id);
            return key;
        } catch (JoseException e) {
            throw new AssertionError(e);
        }
    }

    public static String jwks(PublicJsonWebKey... keys) {
        return new JsonWebKeySet(keys).toJson(OutputControlLevel.PUBLIC_ONLY);
    }

    /** Replaces the file at once: written under another name, and moved. */
    public static void publish(Path file, String jwks) throws Exception {
        var unfinished = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), jwks);
        Files.move(unfinished, file, ATOMIC_MOVE, REPLACE_EXISTING);
    }

    /** The claims of a doctor, valid for five minutes. */
    public static Map<String, Object> claims() {
        var claims = new HashMap<String, Object>();
        claims.put("iss", TokenSettings.DEFAULT_ISSUER);
        claims.put("aud", TokenSettings.DEFAULT_AUDIENCE);
        claims.put("tenant", TokenSettings.DEFAULT_TENANT);
        claims.put("sub", "dr-grey");
        claims.put("roles", List.of(Roles.AUTHORIZED_MEDICAL_STAFF));
        claims.put("iat", NOW);
        claims.put("nbf", NOW);
        claims.put("exp", NOW + 300);
        claims.put("jti", "token-1");
        return claims;
    }

    /** The same claims with another value for one of them; null removes it. */
    static Map<String, Object> claims(String name, Object value) {
        var claims = claims();
        if (value == null) {
            claims.remove(name);
        } else {
            claims.put(name, value);
        }
        return claims;
    }

    public static String sign(PublicJsonWebKey key, Map<String, Object> claims) {
        return sign(key, Map.of("kid", key.getKeyId()), JsonUtil.toJson(claims));
    }

    static String sign(PublicJsonWebKey key, Map<String, Object> header, String payload) {
        try {
            var jws = new JsonWebSignature();
            jws.setAlgorithmHeaderValue(key.getAlgorithm());
            header.forEach(jws.getHeaders()::setObjectHeaderValue);
            jws.setDoKeyValidation(false);
            jws.setKey(key.getPrivateKey());
            jws.setPayload(payload);
            return jws.getCompactSerialization();
        } catch (JoseException e) {
            throw new AssertionError(e);
        }
    }

    static String base64(String text) {
        return base64(text.getBytes(StandardCharsets.UTF_8));
    }

    static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static BearerToken bearer(String token) {
        return header("Bearer " + token);
    }

    static BearerToken header(String value) {
        return new BearerToken(value.getBytes(StandardCharsets.UTF_8));
    }

    static <T> T await(CompletionStage<T> stage) throws ExecutionException, InterruptedException, TimeoutException {
        return stage.toCompletableFuture().get(ReadingFixtures.TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    }

    /** The failure of a verification. */
    static Throwable failure(CompletionStage<?> identity) throws InterruptedException, TimeoutException {
        try {
            throw new AssertionError("accepted: " + await(identity));
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }
}
