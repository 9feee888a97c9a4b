package io.pulseplane.loadtest.jmh;

import io.pulseplane.gate.token.Authenticator;
import io.pulseplane.gate.token.BearerToken;
import io.pulseplane.gate.token.Identity;
import io.pulseplane.gate.token.TokenSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jose4j.jwk.EcJwkGenerator;
import org.jose4j.jwk.JsonWebKey.OutputControlLevel;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.OctetKeyPairJsonWebKey;
import org.jose4j.jwk.OkpJwkGenerator;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.RsaJwkGenerator;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.keys.EllipticCurves;
import org.jose4j.lang.JoseException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Measures how long it takes to verify a token: cached, as for every call of a caller but the first, and not cached.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class TokenBenchmark {

    private static long clock() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }

    /** An authenticator that accepts the tokens of one key. */
    abstract static class TokenVerifier {

        private PublicJsonWebKey key;
        private Path jwks;
        Authenticator authenticator;

        void open(String algorithm, TokenSettings.CacheBounds cacheBounds) throws IOException, JoseException {
            key = switch (algorithm) {
                case "RS256" -> RsaJwkGenerator.generateJwk(2_048);
                case "ES256" -> EcJwkGenerator.generateJwk(EllipticCurves.P256);
                default -> OkpJwkGenerator.generateJwk(OctetKeyPairJsonWebKey.SUBTYPE_ED25519);
            };
            key.setAlgorithm(algorithm);
            key.setKeyId("benchmark");
            jwks = Files.createTempFile("benchmark", ".json");
            Files.writeString(jwks, new JsonWebKeySet(key).toJson(OutputControlLevel.PUBLIC_ONLY));
            var standard = TokenSettings.of(new TokenSettings.Keys.JwksFile(jwks));
            var settings = new TokenSettings(
                    standard.tenant(),
                    standard.issuer(),
                    standard.audiences(),
                    standard.clockSkew(),
                    standard.maxTokenBytes(),
                    standard.keys(),
                    standard.claims(),
                    standard.refresh(),
                    cacheBounds);
            authenticator = Authenticator.open(settings, () -> null, TokenBenchmark::clock);
        }

        /** The {@code authorization} header of a doctor's call. */
        byte[] header(int number) throws JoseException {
            var claims = new JwtClaims();
            claims.setIssuer(TokenSettings.DEFAULT_ISSUER);
            claims.setAudience(TokenSettings.DEFAULT_AUDIENCE);
            claims.setSubject("dr-grey-" + number);
            claims.setStringClaim("tenant", TokenSettings.DEFAULT_TENANT);
            claims.setStringListClaim("roles", List.of("authorized_medical_staff"));
            claims.setIssuedAtToNow();
            claims.setExpirationTimeMinutesInTheFuture(60);
            claims.setGeneratedJwtId();
            var jws = new JsonWebSignature();
            jws.setAlgorithmHeaderValue(key.getAlgorithm());
            jws.setKeyIdHeaderValue(key.getKeyId());
            jws.setKey(key.getPrivateKey());
            jws.setPayload(claims.toJson());
            return ("Bearer " + jws.getCompactSerialization()).getBytes(StandardCharsets.US_ASCII);
        }

        Identity verify(byte[] header) {
            return authenticator
                    .verify(new BearerToken(header))
                    .toCompletableFuture()
                    .join();
        }

        @TearDown
        public void close() throws IOException {
            authenticator.close();
            Files.delete(jwks);
        }
    }

    /** An authenticator that has cached the tokens of all callers. */
    @State(Scope.Benchmark)
    public static class Warm extends TokenVerifier {

        /** A power of two, so that the index of the next caller is cheap to compute. */
        @Param({"1", "1024"})
        int callers;

        byte[][] headers;
        int next;

        @Setup
        public void open() throws IOException, JoseException {
            open("EdDSA", TokenSettings.CacheBounds.STANDARD);
            headers = new byte[callers][];
            for (int i = 0; i < callers; i++) {
                headers[i] = header(i);
                verify(headers[i]);
            }
        }
    }

    /** An authenticator whose cache has no room for a token, so that it verifies every one. */
    @State(Scope.Benchmark)
    public static class Cold extends TokenVerifier {

        @Param({"RS256", "ES256", "EdDSA"})
        String algorithm;

        byte[] header;

        @Setup
        public void open() throws IOException, JoseException {
            open(algorithm, new TokenSettings.CacheBounds(1, 1));
            header = header(0);
        }
    }

    /** Includes the creation of the {@link BearerToken}, which every call needs. */
    @Benchmark
    public Identity cached(Warm state) {
        var header = state.headers[state.next++ & (state.callers - 1)];
        var identity = state.authenticator.cached(new BearerToken(header));
        if (identity == null) {
            throw new IllegalStateException("the token should be in the cache");
        }
        return identity;
    }

    /** Includes the way to a thread of the gate and back. */
    @Benchmark
    public Identity verified(Cold state) {
        if (state.authenticator.cached(new BearerToken(state.header)) != null) {
            throw new IllegalStateException("the token should not be in the cache");
        }
        return state.verify(state.header);
    }
}
