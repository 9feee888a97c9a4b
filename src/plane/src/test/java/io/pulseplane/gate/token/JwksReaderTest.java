package io.pulseplane.gate.token;

import static io.pulseplane.gate.token.IdentityProvider.EC;
import static io.pulseplane.gate.token.IdentityProvider.ED;
import static io.pulseplane.gate.token.IdentityProvider.RSA;
import static io.pulseplane.gate.token.IdentityProvider.jwks;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.EcJwkGenerator;
import org.jose4j.jwk.JsonWebKey.OutputControlLevel;
import org.jose4j.jwk.OctetKeyPairJsonWebKey;
import org.jose4j.jwk.OkpJwkGenerator;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.RsaJwkGenerator;
import org.jose4j.keys.EllipticCurves;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class JwksReaderTest {

    private static KeySet read(String document) throws UnusableKeyException {
        return JwksReader.read(document.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void reads_keys_of_each_supported_algorithm() throws Exception {
        var keys = read(jwks(RSA, EC, ED));
        assertThat(keys.size()).isEqualTo(3);
        assertThat(keys.candidates(Algorithm.RS256, Optional.of("rsa-1"))).hasSize(1);
        assertThat(keys.candidates(Algorithm.ES256, Optional.of("ec-1"))).hasSize(1);
        assertThat(keys.candidates(Algorithm.EDDSA, Optional.of("ed-1"))).hasSize(1);
        assertThat(keys.candidates(Algorithm.EDDSA, Optional.of("ec-1"))).isEmpty();
    }

    private static PublicJsonWebKey named(PublicJsonWebKey key, String algorithm, String use, String operation) {
        key.setKeyId("left-out");
        key.setAlgorithm(algorithm);
        key.setUse(use);
        if (operation != null) {
            key.setKeyOps(List.of(operation));
        }
        return key;
    }

    static Stream<PublicJsonWebKey> unsupportedKeys() throws Exception {
        return Stream.of(
                named(RsaJwkGenerator.generateJwk(1_024), null, null, null),
                named(EcJwkGenerator.generateJwk(EllipticCurves.P384), null, null, null),
                named(OkpJwkGenerator.generateJwk(OctetKeyPairJsonWebKey.SUBTYPE_ED448), null, null, null),
                named(OkpJwkGenerator.generateJwk(OctetKeyPairJsonWebKey.SUBTYPE_X25519), null, null, null),
                named(IdentityProvider.key("ES256", ""), "ES384", null, null),
                named(IdentityProvider.key("RS256", ""), "RSA-OAEP", null, null),
                named(IdentityProvider.key("RS256", ""), "RS256", "enc", null),
                named(IdentityProvider.key("RS256", ""), "RS256", null, "encrypt"));
    }

    @ParameterizedTest
    @MethodSource("unsupportedKeys")
    void leaves_out_unsupported_keys(PublicJsonWebKey key) throws Exception {
        var keys = read(jwks(key, EC));
        assertThat(keys.size()).isOne();
        assertThat(keys.candidates(Algorithm.ES256, Optional.of("ec-1"))).hasSize(1);
    }

    static Stream<String> malformedKeys() {
        var params = EC.toParams(OutputControlLevel.PUBLIC_ONLY);
        var beside = new HashMap<String, Object>(params);
        beside.put("kid", "beside-the-curve");
        beside.put("y", params.get("x"));
        return Stream.of(
                "7",
                "null",
                "\"key\"",
                "{}",
                "{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"kid\":\"o\"}",
                "{\"kty\":\"new\",\"kid\":\"n\"}",
                "{\"kty\":\"EC\",\"kid\":\"e\"}",
                "{\"kty\":[\"EC\"]}",
                "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}",
                "{\"kty\":\"RSA\",\"n\":7,\"e\":\"AQAB\"}",
                "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}",
                JsonUtil.toJson(beside));
    }

    @ParameterizedTest
    @MethodSource("malformedKeys")
    void leaves_out_malformed_keys(String entry) throws Exception {
        var good = JsonUtil.toJson(EC.toParams(OutputControlLevel.PUBLIC_ONLY));
        var keys = read("{\"keys\":[" + entry + "," + good + "]}");
        assertThat(keys.size()).isOne();
        assertThat(keys.candidates(Algorithm.ES256, Optional.of("ec-1"))).hasSize(1);
    }

    @Test
    void keeps_keys_of_the_same_name_and_each_key_once() throws Exception {
        var keys = read(jwks(EC, IdentityProvider.key("ES256", "ec-1"), EC));
        assertThat(keys.size()).isEqualTo(2);
        assertThat(keys.candidates(Algorithm.ES256, Optional.of("ec-1"))).hasSize(2);
    }

    @Test
    void does_not_look_at_certificates() throws Exception {
        var key = new HashMap<String, Object>(EC.toParams(OutputControlLevel.PUBLIC_ONLY));
        key.put("x5c", List.of("no certificate"));
        key.put("x5t", 7);
        assertThat(read(JsonUtil.toJson(Map.of("keys", List.of(key)))).size()).isOne();
    }

    @Test
    void refuses_a_document_with_too_many_keys() throws Exception {
        var many = IntStream.rangeClosed(0, JwksReader.MAX_KEYS)
                .mapToObj(i -> IdentityProvider.key("EdDSA", "k" + i))
                .toArray(PublicJsonWebKey[]::new);
        assertThat(read(jwks(Arrays.copyOf(many, JwksReader.MAX_KEYS))).size()).isEqualTo(JwksReader.MAX_KEYS);
        assertThatThrownBy(() -> read(jwks(many))).isInstanceOf(UnusableKeyException.class);
    }

    @Test
    void compares_sets_by_names_and_keys_not_by_their_order() throws Exception {
        assertThat(read(jwks(RSA, EC)).isSameAs(read(jwks(EC, RSA)))).isTrue();
        assertThat(read(jwks(RSA, EC)).isSameAs(read(jwks(EC)))).isFalse();
        assertThat(read(jwks(EC)).isSameAs(read(jwks(IdentityProvider.key("ES256", "ec-1")))))
                .isFalse();
        var renamed = PublicJsonWebKey.Factory.newPublicJwk(Map.copyOf(EC.toParams(OutputControlLevel.PUBLIC_ONLY)));
        renamed.setKeyId("ec-2");
        assertThat(read(jwks(EC)).isSameAs(read(jwks(renamed)))).isFalse();
    }
}
