package io.pulseplane.gate.token;

import static io.pulseplane.gate.token.IdentityProvider.EC;
import static io.pulseplane.gate.token.IdentityProvider.ED;
import static io.pulseplane.gate.token.IdentityProvider.NOW;
import static io.pulseplane.gate.token.IdentityProvider.RSA;
import static io.pulseplane.gate.token.IdentityProvider.await;
import static io.pulseplane.gate.token.IdentityProvider.base64;
import static io.pulseplane.gate.token.IdentityProvider.bearer;
import static io.pulseplane.gate.token.IdentityProvider.claims;
import static io.pulseplane.gate.token.IdentityProvider.failure;
import static io.pulseplane.gate.token.IdentityProvider.sign;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.pulseplane.gate.token.TokenSettings.Keys;
import io.pulseplane.vitals.PlaneException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwe.ContentEncryptionAlgorithmIdentifiers;
import org.jose4j.jwe.JsonWebEncryption;
import org.jose4j.jwe.KeyManagementAlgorithmIdentifiers;
import org.jose4j.jwk.JsonWebKey.OutputControlLevel;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.RsaJwkGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens that the plane refuses. */
class BadTokenTest {

    private static final String NO_TOKEN = "the token is not a signed JWT";
    private static final String NO_ALGORITHM = "the token's algorithm is none of RS256, PS256, ES256 and EdDSA";
    private static final String NO_SIGNATURE = "the token's signature is not valid";
    private static final String NO_KEY = "the token's key is not known";

    @TempDir
    static Path directory;

    private static PublicJsonWebKey weak;
    private static Authenticator authenticator;

    @BeforeAll
    static void open() throws Exception {
        weak = RsaJwkGenerator.generateJwk(1_024);
        weak.setKeyId("weak");
        weak.setAlgorithm("RS256");
        var file = Files.writeString(directory.resolve("jwks.json"), IdentityProvider.jwks(RSA, EC, ED, weak));
        authenticator =
                Authenticator.open(TokenSettings.of(new Keys.JwksFile(file)), () -> null, () -> NOW * 1_000_000);
    }

    @AfterAll
    static void close() {
        authenticator.close();
    }

    private static void assertRefused(String token, String message) throws Exception {
        assertThat(failure(authenticator.verify(bearer(token))))
                .as("'%s'", token)
                .isInstanceOf(PlaneException.Unauthenticated.class)
                .hasMessage(message);
        assertThat(authenticator.cached(bearer(token))).isNull();
    }

    static Stream<Arguments> badClaims() {
        return Stream.of(
                arguments("exp", NOW - 30, "the token has expired"),
                arguments("exp", 0, "the token has expired"),
                arguments("exp", null, "the token does not say when it expires"),
                arguments("exp", -1, "the token's exp is not a time in seconds"),
                arguments("exp", Long.MAX_VALUE, "the token's exp is not a time in seconds"),
                arguments("exp", NOW * 1_000, "the token's exp is not a time in seconds"),
                arguments("exp", Double.MAX_VALUE, "the token's exp is not a time in seconds"),
                arguments("exp", Long.toString(NOW + 300), "the token's exp is not a time in seconds"),
                arguments("exp", List.of(NOW + 300), "the token's exp is not a time in seconds"),
                arguments("exp", true, "the token's exp is not a time in seconds"),
                arguments("nbf", NOW + 31, "the token is not valid yet"),
                arguments("nbf", "now", "the token's nbf is not a time in seconds"),
                arguments("iat", NOW + 31, "the token is from the future"),
                arguments("iat", "now", "the token's iat is not a time in seconds"),
                arguments("iss", "Pulseplane", "the token's issuer is not the one trusted here"),
                arguments(
                        "iss",
                        "pulseplane/",
                        "the token's issuer differs from the one trusted here by a slash at its end"),
                arguments("iss", List.of("pulseplane"), "the token's issuer is not the one trusted here"),
                arguments("iss", null, "the token does not say who issued it (claim iss)"),
                arguments("aud", "other", "the token is not meant for this plane"),
                arguments("aud", List.of("other", "pulseplanes"), "the token is not meant for this plane"),
                arguments("aud", List.of(), "the token is not meant for this plane"),
                arguments("aud", Map.of("pulseplane", true), "the token is not meant for this plane"),
                arguments("aud", null, "the token does not say for whom it is (claim aud)"),
                arguments("tenant", "remote", "the token is of another tenant"),
                arguments("tenant", "Local", "the token is of another tenant"),
                arguments("tenant", "", "the token is of another tenant"),
                arguments("tenant", List.of("local", "remote"), "the token is of another tenant"),
                arguments("tenant", Map.of("local", true), "the token is of another tenant"),
                arguments("tenant", null, "the token does not say its tenant (claim tenant)"),
                arguments("sub", null, "the token does not say whose it is (claim sub)"),
                arguments("sub", "", "the token does not say whose it is (claim sub)"),
                arguments("token_use", "id", "the token is not an access token"),
                arguments("typ", "ID", "the token is not an access token"),
                arguments("typ", "Refresh", "the token is not an access token"),
                arguments("sub", 7, "the token's subject is not a text"),
                arguments("sub", "s".repeat(256), "the token's subject must have at most 255 characters, has 256"),
                arguments("sub", "a\nb", "the token's subject must consist of printable characters, U+000A is none"),
                arguments("jti", 7, "the token's id is not a text"),
                arguments("pulseplane_patients", 7, "a patient that the token writes for is not a text"),
                arguments(
                        "pulseplane_patients", List.of("ada", 7), "a patient that the token writes for is not a text"),
                arguments("jti", "\u001b[2J", "the token's id must consist of printable characters, U+001B is none"),
                arguments(
                        "roles", Map.of("auditor", true), "the token's roles in roles are neither a text nor an array"),
                arguments("roles", Collections.nCopies(1_001, "r"), "the token has more than 1000 roles"),
                arguments("roles", List.of("r".repeat(101)), badRole()),
                arguments("roles", List.of("auditor", 7), "a role of the token is not a text"),
                arguments("roles", List.of(""), badRole()),
                arguments("roles", List.of("auditor "), badRole()),
                arguments("roles", List.of(List.of("auditor")), "a role of the token is not a text"),
                arguments(
                        "_claim_names",
                        Map.of("roles", "src1"),
                        "the token has a reference in place of the claim roles (_claim_names)"),
                arguments("device_id", "", "the token's device id must not be empty"),
                arguments(
                        "device_id",
                        "a\u0000b",
                        "the token's device id must consist of printable characters, U+0000 is none"),
                arguments(
                        "device_id",
                        "d".repeat(101),
                        "the token's device id must have at most 100 characters, has 101"),
                arguments("device_id", 7, "the token's device id is not a text"),
                arguments("device_id", List.of("d1", "d2"), "the token's device id is not a text"),
                arguments("patient_id", " ada", "the token's patient id must not start or end with a blank"),
                arguments(
                        "patient_id", "Mu\u0308ller", "the token's patient id must be in Unicode normalisation form C"),
                arguments(
                        "patient_id",
                        "a\u202eb",
                        "the token's patient id must consist of printable characters, U+202E is none"));
    }

    private static String badRole() {
        return "a role of the token is not a text of 1 to 100 printable characters";
    }

    @ParameterizedTest(name = "{0} = {1}")
    @MethodSource("badClaims")
    void refuses_bad_claims(String name, Object value, String message) throws Exception {
        var claims = claims(name, value);
        if (name.equals("_claim_names")) {
            claims.remove("roles");
        }
        assertRefused(sign(EC, claims), message);
    }

    @Test
    void refuses_a_token_signed_with_another_key() throws Exception {
        for (var key : List.of(RSA, EC, ED)) {
            var other = IdentityProvider.key(key.getAlgorithm(), key.getKeyId());
            assertRefused(sign(other, claims()), NO_SIGNATURE);
        }
    }

    @Test
    void refuses_a_token_of_an_unknown_key() throws Exception {
        assertRefused(sign(IdentityProvider.key("ES256", "ec-9"), claims()), NO_KEY);
    }

    @Test
    void refuses_a_token_that_brings_its_own_key() throws Exception {
        var other = IdentityProvider.key("ES256", "stranger");
        var jwk = other.toParams(OutputControlLevel.PUBLIC_ONLY);
        var payload = JsonUtil.toJson(claims());
        assertRefused(sign(other, Map.of("jwk", jwk), payload), NO_SIGNATURE);
        assertRefused(sign(other, Map.of("jwk", jwk, "kid", "ec-1"), payload), NO_SIGNATURE);
        assertRefused(sign(other, Map.of("jwk", jwk, "kid", "stranger"), payload), NO_KEY);
        assertRefused(sign(other, Map.of("jku", "https://example.org/jwks", "kid", "stranger"), payload), NO_KEY);
    }

    @Test
    void refuses_a_weak_key_although_it_is_in_the_key_set() throws Exception {
        assertRefused(sign(weak, claims()), NO_KEY);
    }

    @Test
    void refuses_a_key_used_for_another_algorithm_than_its_own() throws Exception {
        var payload = JsonUtil.toJson(claims());
        assertRefused(sign(RSA, Map.of("kid", "ec-1"), payload), NO_KEY);
        assertRefused(sign(EC, Map.of("kid", "rsa-1"), payload), NO_KEY);
        assertRefused(sign(ED, Map.of("kid", "rsa-1"), payload), NO_KEY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "none", "None", "NONE", "nOnE", "", "HS256", "HS384", "RS384", "RS512", "PS384", "ES384", "ES256K",
                "rs256", "es256", "eddsa", "Ed25519", "RS256 "
            })
    void refuses_every_other_algorithm(String algorithm) throws Exception {
        var header = "{\"alg\":\"" + algorithm + "\",\"kid\":\"ec-1\"}";
        var signed = base64(header) + "." + base64(JsonUtil.toJson(claims()));
        assertRefused(signed + "." + base64(new byte[64]), NO_ALGORITHM);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "ES256", "EdDSA", "RS256"})
    void refuses_a_token_without_a_signature(String algorithm) throws Exception {
        var header = "{\"alg\":\"" + algorithm + "\",\"kid\":\"ec-1\"}";
        var signed = base64(header) + "." + base64(JsonUtil.toJson(claims()));
        assertRefused(signed + ".", algorithm.equals("none") ? NO_ALGORITHM : NO_TOKEN);
        assertRefused(signed, NO_TOKEN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"alg\":null}", "{\"alg\":[\"ES256\"]}", "{\"alg\":256}", "{}", "{\"kid\":\"ec-1\"}"})
    void refuses_a_token_that_does_not_name_its_algorithm(String header) throws Exception {
        assertRefused(
                base64(header) + "." + base64(JsonUtil.toJson(claims())) + "." + base64(new byte[64]), NO_ALGORITHM);
    }

    @Test
    void refuses_a_public_key_used_as_a_secret() throws Exception {
        for (var key : List.of(RSA, EC, ED)) {
            byte[] der = key.getPublicKey().getEncoded();
            var pem = "-----BEGIN PUBLIC KEY-----\n" + Base64.getMimeEncoder().encodeToString(der)
                    + "\n-----END PUBLIC KEY-----\n";
            var jwk = key.toJson(OutputControlLevel.PUBLIC_ONLY);
            for (byte[] secret :
                    List.of(der, pem.getBytes(StandardCharsets.US_ASCII), jwk.getBytes(StandardCharsets.UTF_8))) {
                var header = "{\"alg\":\"HS256\",\"kid\":\"" + key.getKeyId() + "\"}";
                var signed = base64(header) + "." + base64(JsonUtil.toJson(claims()));
                var mac = Mac.getInstance("HmacSHA256");
                mac.init(new SecretKeySpec(secret, "HmacSHA256"));
                var signature = mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII));
                assertRefused(signed + "." + base64(signature), NO_ALGORITHM);
            }
        }
    }

    /** CVE-2022-21449: zeros for r and s were once accepted as a valid signature. */
    @Test
    void refuses_signatures_of_zeros_and_of_the_wrong_length() throws Exception {
        for (var key : List.of(RSA, EC, ED)) {
            var token = sign(key, claims());
            var signed = token.substring(0, token.lastIndexOf('.') + 1);
            for (int length : new int[] {1, 32, 63, 64, 65, 72, 255, 256, 257}) {
                assertRefused(signed + base64(new byte[length]), NO_SIGNATURE);
            }
        }
    }

    static Stream<Arguments> badHeaders() {
        var extensions = "the token uses extensions that the plane does not support";
        var nested = "the token has another token in it";
        var type = "the token is not an access token";
        var keyId = "the token's key id must be a text of 1 to 255 characters";
        return Stream.of(
                arguments(Map.of("crit", List.of("exp")), extensions),
                arguments(Map.of("crit", List.of()), extensions),
                arguments(Map.of("crit", List.of("b64"), "b64", true), extensions),
                arguments(Map.of("b64", false), extensions),
                arguments(Map.of("zip", "DEF"), extensions),
                arguments(Map.of("cty", "JWT"), nested),
                arguments(Map.of("enc", "A128GCM"), nested),
                arguments(Map.of("typ", "logout+jwt"), type),
                arguments(Map.of("typ", "dpop+jwt"), type),
                arguments(Map.of("typ", List.of("JWT")), type),
                arguments(Map.of("kid", ""), keyId),
                arguments(Map.of("kid", 7), keyId),
                arguments(Map.of("kid", "k".repeat(256)), keyId));
    }

    @ParameterizedTest
    @MethodSource("badHeaders")
    void refuses_bad_headers(Map<String, Object> header, String message) throws Exception {
        var json = new HashMap<String, Object>(Map.of("alg", "ES256", "kid", "ec-1"));
        json.putAll(header);
        var signed = base64(JsonUtil.toJson(json)) + "." + base64(JsonUtil.toJson(claims()));
        var signature = Algorithm.ES256.sign(EC.getPrivateKey(), signed.getBytes(StandardCharsets.US_ASCII));
        assertRefused(signed + "." + base64(signature), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"JWT", "jwt", "at+jwt", "application/at+jwt"})
    void accepts_the_types_of_access_tokens(String type) throws Exception {
        var token = sign(EC, Map.of("kid", "ec-1", "typ", type), JsonUtil.toJson(claims("jti", type)));
        assertThat(await(authenticator.verify(bearer(token)))).isNotNull();
    }

    @Test
    void refuses_an_encrypted_token_and_one_in_another() throws Exception {
        var jwe = new JsonWebEncryption();
        jwe.setAlgorithmHeaderValue(KeyManagementAlgorithmIdentifiers.RSA_OAEP_256);
        jwe.setEncryptionMethodHeaderParameter(ContentEncryptionAlgorithmIdentifiers.AES_128_GCM);
        jwe.setKeyIdHeaderValue("rsa-1");
        jwe.setKey(RSA.getPublicKey());
        jwe.setPayload(JsonUtil.toJson(claims()));
        assertRefused(jwe.getCompactSerialization(), NO_TOKEN);
        assertRefused(sign(EC, Map.of("kid", "ec-1"), sign(EC, claims())), NO_TOKEN);
    }

    @Test
    void refuses_duplicate_names() throws Exception {
        var payload = JsonUtil.toJson(claims());
        for (var twice : List.of(
                "\"sub\":\"admin\"", "\"tenant\":\"local\"", "\"roles\":[\"operator\"]", "\"exp\":9999999999")) {
            assertRefused(sign(EC, Map.of("kid", "ec-1"), payload.replaceFirst("\\{", "{" + twice + ",")), NO_TOKEN);
        }
        var header = "{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"ec-1\"}";
        assertRefused(base64(header) + "." + base64(payload) + "." + base64(new byte[64]), NO_TOKEN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "null", "7", "\"x\"", "{", "{}}", "{\"sub\":}", "[[[[[[[[", "\u0000"})
    void refuses_payloads_that_are_not_objects(String payload) throws Exception {
        var signed = base64("{\"alg\":\"ES256\",\"kid\":\"ec-1\"}") + "." + base64(payload);
        var signature = Algorithm.ES256.sign(EC.getPrivateKey(), signed.getBytes(StandardCharsets.US_ASCII));
        assertRefused(signed + "." + base64(signature), NO_TOKEN);
    }

    @Test
    void refuses_claims_that_are_not_utf_8() throws Exception {
        var payload = JsonUtil.toJson(claims("sub", "X")).getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < payload.length; i++) {
            if (payload[i] == 'X') {
                payload[i] = (byte) 0xff;
            }
        }
        var signed = base64("{\"alg\":\"ES256\",\"kid\":\"ec-1\"}") + "." + base64(payload);
        var signature = Algorithm.ES256.sign(EC.getPrivateKey(), signed.getBytes(StandardCharsets.US_ASCII));
        assertRefused(signed + "." + base64(signature), NO_TOKEN);
    }

    @Test
    void refuses_a_token_that_is_too_long_unread() throws Exception {
        var token = sign(EC, claims("padding", "x".repeat(16 * 1_024)));
        assertRefused(token, "the token is longer than 16384 bytes");
        assertRefused("x".repeat(16 * 1_024 + 1), "the token is longer than 16384 bytes");
        assertRefused("x".repeat(16 * 1_024), NO_TOKEN);
        assertRefused(".".repeat(16 * 1_024), NO_TOKEN);
        assertRefused(base64("[".repeat(12_000)) + ".e30.AA", NO_TOKEN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer\teyJ", "eyJhbGciOiJFUzI1NiJ9"})
    void refuses_other_authorizations_than_bearer(String header) throws Exception {
        assertThat(failure(authenticator.verify(IdentityProvider.header(header))))
                .isInstanceOf(PlaneException.Unauthenticated.class)
                .hasMessage("the authorization must be 'Bearer', one space and a token");
    }

    @Test
    void accepts_one_spelling_of_a_token_only() throws Exception {
        var token = sign(EC, claims("jti", "spelling"));
        assertThat(await(authenticator.verify(bearer(token)))).isNotNull();
        var parts = token.split("\\.");
        for (int part = 0; part < parts.length; part++) {
            for (var change : List.of(parts[part] + "=", parts[part] + "==", parts[part] + "\n", " " + parts[part])) {
                var changed = parts.clone();
                changed[part] = change;
                assertRefused(String.join(".", changed), NO_TOKEN);
            }
        }
        // 64 bytes are 86 letters, of which the last has four bits to spare.
        for (int spare = 1; spare < 16; spare++) {
            var letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            int last = letters.indexOf(token.charAt(token.length() - 1));
            var changed = token.substring(0, token.length() - 1) + letters.charAt(last | spare);
            assertRefused(changed, NO_TOKEN);
        }
    }

    /** A changed token is refused in the usual way, whatever was changed. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void refuses_garbled_tokens(long seed) throws Exception {
        var random = new SplittableRandom(seed);
        for (int i = 0; i < 250; i++) {
            var key = List.of(EC, ED, RSA).get(random.nextInt(3));
            var token = sign(key, claims("jti", "garbled")).getBytes(StandardCharsets.US_ASCII);
            var garbled = garble(token, random);
            if (Arrays.equals(garbled, token)) {
                continue;
            }
            var header = "Bearer ".getBytes(StandardCharsets.US_ASCII);
            var value = Arrays.copyOf(header, header.length + garbled.length);
            System.arraycopy(garbled, 0, value, header.length, garbled.length);
            assertThat(failure(authenticator.verify(new BearerToken(value))))
                    .as(() -> "seed " + seed + ": " + new String(garbled, StandardCharsets.ISO_8859_1))
                    .isInstanceOf(PlaneException.Unauthenticated.class);
        }
    }

    private static byte[] garble(byte[] token, SplittableRandom random) {
        int index = random.nextInt(token.length);
        return switch (random.nextInt(6)) {
            case 0 -> Arrays.copyOf(token, index);
            case 1 -> Arrays.copyOfRange(token, index, token.length);
            case 2 -> Arrays.copyOf(token, token.length + 1 + index);
            case 3 -> {
                token[index] = (byte) random.nextInt(256);
                yield token;
            }
            case 4 -> {
                token[index] ^= (byte) (1 << random.nextInt(8));
                yield token;
            }
            default -> {
                // Changes a byte of the JSON in the header.
                int dot = new String(token, StandardCharsets.US_ASCII).indexOf('.');
                var json = Base64.getUrlDecoder().decode(Arrays.copyOf(token, dot));
                json[random.nextInt(json.length)] = (byte) random.nextInt(128);
                var changed = base64(json) + new String(token, dot, token.length - dot, StandardCharsets.US_ASCII);
                yield changed.getBytes(StandardCharsets.US_ASCII);
            }
        };
    }

    /** A broken provider might send a valid signature of malformed JSON. */
    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14})
    void survives_garbled_claims_that_are_signed(long seed) throws Exception {
        var random = new SplittableRandom(seed);
        for (int i = 0; i < 250; i++) {
            var payload = JsonUtil.toJson(claims()).getBytes(StandardCharsets.UTF_8);
            for (int n = random.nextInt(1, 4); n > 0; n--) {
                payload[random.nextInt(payload.length)] = (byte) random.nextInt(256);
            }
            var signed = base64("{\"alg\":\"EdDSA\",\"kid\":\"ed-1\"}") + "." + base64(payload);
            var signature = Algorithm.EDDSA.sign(ED.getPrivateKey(), signed.getBytes(StandardCharsets.US_ASCII));
            var identity = authenticator.verify(bearer(signed + "." + base64(signature)));
            try {
                assertThat(await(identity).tenant()).isEqualTo("local");
            } catch (ExecutionException e) {
                assertThat(e.getCause())
                        .as(() -> "seed " + seed + ": " + new String(payload, StandardCharsets.ISO_8859_1))
                        .isInstanceOf(PlaneException.Unauthenticated.class);
            }
        }
    }
}
