package io.pulseplane.gate.token;

import static io.pulseplane.gate.token.IdentityProvider.EC;
import static io.pulseplane.gate.token.IdentityProvider.ED;
import static io.pulseplane.gate.token.IdentityProvider.NOW;
import static io.pulseplane.gate.token.IdentityProvider.PSS;
import static io.pulseplane.gate.token.IdentityProvider.RSA;
import static io.pulseplane.gate.token.IdentityProvider.SECOND;
import static io.pulseplane.gate.token.IdentityProvider.await;
import static io.pulseplane.gate.token.IdentityProvider.bearer;
import static io.pulseplane.gate.token.IdentityProvider.claims;
import static io.pulseplane.gate.token.IdentityProvider.failure;
import static io.pulseplane.gate.token.IdentityProvider.sign;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ConcurrentTasks;
import io.pulseplane.clock.ClockSettings;
import io.pulseplane.clock.PlaneClock;
import io.pulseplane.gate.token.TokenSettings.CacheBounds;
import io.pulseplane.gate.token.TokenSettings.ClaimNames;
import io.pulseplane.gate.token.TokenSettings.Keys;
import io.pulseplane.vitals.PlaneException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.PublicJsonWebKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Valid tokens, and how long they are cached. */
class AuthenticatorTest {

    @TempDir
    Path directory;

    private final AtomicLong clock = IdentityProvider.clock();
    private final List<Authenticator> opened = new ArrayList<>();
    private TokenSettings settings;
    private Authenticator authenticator;

    @BeforeEach
    void open() throws Exception {
        var file = Files.writeString(directory.resolve("jwks.json"), IdentityProvider.jwks(RSA, PSS, EC, ED));
        settings = TokenSettings.of(new Keys.JwksFile(file));
        authenticator = open(settings);
    }

    private Authenticator open(TokenSettings settings) throws UnusableKeyException {
        opened.add(Authenticator.open(settings, () -> null, clock::get));
        return opened.getLast();
    }

    @AfterEach
    void close() {
        opened.forEach(Authenticator::close);
    }

    static List<PublicJsonWebKey> keys() {
        return List.of(RSA, PSS, EC, ED);
    }

    @ParameterizedTest
    @MethodSource("keys")
    void accepts_a_token_of_each_supported_algorithm(PublicJsonWebKey key) throws Exception {
        var token = sign(key, claims());
        assertThat(await(authenticator.verify(bearer(token))))
                .isEqualTo(new Identity(
                        "dr-grey",
                        List.of("authorized_medical_staff"),
                        "local",
                        "",
                        "",
                        (NOW + 300) * SECOND,
                        NOW * SECOND,
                        key.getKeyId(),
                        "token-1"));
    }

    @Test
    void reads_the_ids_of_devices_and_patients() throws Exception {
        var device = claims("device_id", "monitor 7");
        device.put("patient_id", "Müller");
        device.put("pulseplane_patients", List.of("ada", "bob"));
        device.put("roles", List.of("device", "patient", "device"));
        var identity = await(authenticator.verify(bearer(sign(EC, device))));
        assertThat(identity.deviceId()).isEqualTo("monitor 7");
        assertThat(identity.patientId()).isEqualTo("Müller");
        assertThat(identity.writesFor()).containsExactlyInAnyOrder("ada", "bob");
        assertThat(identity.roles()).containsExactly("device", "patient");
    }

    @Test
    void does_not_accept_an_expired_token_again_when_the_clock_is_set_back() throws Exception {
        var nanos = new AtomicLong();
        var sources = new PlaneClock.Sources(clock::get, nanos::get, () -> false);
        var planeClock =
                PlaneClock.open(directory, sources, new ClockSettings(Duration.ofDays(1), Duration.ofMinutes(10)));
        var token = bearer(sign(EC, claims()));
        try (var ofPlane = Authenticator.open(settings, () -> null, planeClock)) {
            assertThat(await(ofPlane.verify(token))).isNotNull();
            clock.addAndGet(400 * SECOND);
            nanos.addAndGet(TimeUnit.SECONDS.toNanos(400));
            planeClock.check();
            assertThat(ofPlane.cached(token)).isNull();
            clock.addAndGet(-1_800 * SECOND);
            assertThat(ofPlane.cached(token)).isNull();
            assertThat(failure(ofPlane.verify(token))).isInstanceOf(PlaneException.Unauthenticated.class);
        }
    }

    @Test
    void accepts_a_single_role_and_none_at_all() throws Exception {
        var single = claims("roles", null);
        single.put("role", "auditor");
        assertThat(await(authenticator.verify(bearer(sign(EC, single)))).roles())
                .containsExactly("auditor");
        assertThat(await(authenticator.verify(bearer(sign(EC, claims("roles", null)))))
                        .roles())
                .isEmpty();
    }

    @Test
    void takes_the_union_of_roles_whether_they_are_texts_or_arrays() throws Exception {
        var claims = claims("roles", "operator");
        claims.put("role", List.of("auditor", "operator"));
        assertThat(await(authenticator.verify(bearer(sign(EC, claims)))).roles())
                .containsExactly("operator", "auditor");
    }

    @Test
    void accepts_many_roles_in_a_long_token() throws Exception {
        var roles = IntStream.range(0, 400).mapToObj(i -> "role-" + i).toList();
        var identity = await(authenticator.verify(bearer(sign(EC, claims("roles", roles)))));
        assertThat(identity.roles()).isEqualTo(roles);
        var token = sign(EC, claims("padding", "x".repeat(11_600)));
        assertThat(token.length()).isBetween(15_500, 16_384);
        assertThat(await(authenticator.verify(bearer(token)))).isNotNull();
    }

    @Test
    void accepts_an_array_of_one_where_one_text_is_expected() throws Exception {
        var claims = claims("device_id", List.of("m1"));
        claims.put("tenant", List.of("local"));
        claims.put("patient_id", null);
        var identity = await(authenticator.verify(bearer(sign(EC, claims))));
        assertThat(identity.deviceId()).isEqualTo("m1");
        assertThat(identity.patientId()).isEmpty();
    }

    @Test
    void keeps_the_case_of_roles() throws Exception {
        var identity = await(authenticator.verify(bearer(sign(EC, claims("roles", List.of("Auditor", "AUDITOR"))))));
        assertThat(identity.roles()).containsExactly("Auditor", "AUDITOR");
    }

    @Test
    void finds_claims_where_an_identity_provider_puts_them() throws Exception {
        var names = new ClaimNames(
                "sub",
                "aud",
                List.of("realm_access/roles"),
                Optional.of("https://example.org/tenant"),
                "device",
                "patient",
                Map.of());
        var keycloak = claims("realm_access", Map.of("roles", List.of("auditor", "offline_access")));
        keycloak.put("https://example.org/tenant", "local");
        keycloak.remove("tenant");
        keycloak.put("roles", List.of("operator"));
        keycloak.put("device", "m1");
        var identity = await(open(with(names)).verify(bearer(sign(RSA, keycloak))));
        assertThat(identity.roles()).containsExactly("auditor", "offline_access");
        assertThat(identity.deviceId()).isEqualTo("m1");
    }

    private TokenSettings with(ClaimNames names) {
        return new TokenSettings(
                settings.tenant(),
                settings.issuer(),
                settings.audiences(),
                settings.clockSkew(),
                settings.maxTokenBytes(),
                settings.keys(),
                names,
                settings.refresh(),
                settings.cache());
    }

    private TokenSettings with(CacheBounds bounds) {
        return new TokenSettings(
                settings.tenant(),
                settings.issuer(),
                settings.audiences(),
                settings.clockSkew(),
                settings.maxTokenBytes(),
                settings.keys(),
                settings.claims(),
                settings.refresh(),
                bounds);
    }

    @Test
    void accepts_a_token_for_several_audiences_if_the_plane_is_one() throws Exception {
        var claims = claims("aud", List.of("account", "pulseplane"));
        assertThat(await(authenticator.verify(bearer(sign(EC, claims)))).subject())
                .isEqualTo("dr-grey");
    }

    @Test
    void caches_a_token_when_it_is_verified() throws Exception {
        var token = sign(EC, claims());
        assertThat(authenticator.cached(bearer(token))).isNull();
        var identity = await(authenticator.verify(bearer(token)));
        assertThat(authenticator.cached(bearer(token))).isSameAs(identity);
        assertThat(authenticator.cached(IdentityProvider.header("bearer " + token)))
                .isSameAs(identity);
        assertThat(authenticator.cached(IdentityProvider.header("Basics " + token)))
                .isNull();
        assertThat(authenticator.cached(IdentityProvider.header("Bearer  " + token)))
                .isNull();
    }

    @Test
    void does_not_verify_a_cached_token_again() throws Exception {
        var token = sign(EC, claims());
        var identity = await(authenticator.verify(bearer(token)));
        assertThat(await(authenticator.verify(bearer(token)))).isSameAs(identity);
    }

    @Test
    void caches_a_token_until_the_moment_it_expires() throws Exception {
        var token = sign(EC, claims());
        var identity = await(authenticator.verify(bearer(token)));
        long end = (NOW + 300 + 30) * SECOND;
        // Step by step, so that the keys are loaded in between and stay fresh.
        for (long now = clock.get(); now < end; now += SECOND / 2) {
            clock.set(now);
            await(authenticator.verify(bearer(token)));
        }
        clock.set(end - 1);
        assertThat(authenticator.cached(bearer(token))).isSameAs(identity);
        clock.set(end);
        assertThat(authenticator.cached(bearer(token))).isNull();
        assertThat(failure(authenticator.verify(bearer(token))))
                .isInstanceOf(PlaneException.Unauthenticated.class)
                .hasMessage("the token has expired");
    }

    @Test
    void removes_expired_tokens_when_others_come() throws Exception {
        for (int i = 0; i < 20; i++) {
            await(authenticator.verify(bearer(sign(ED, claims("jti", "t" + i)))));
        }
        assertThat(authenticator.verifiedTokens()).isEqualTo(20);
        clock.addAndGet(330 * SECOND);
        await(authenticator.verify(bearer(sign(ED, claims("exp", NOW + 600)))));
        assertThat(authenticator.verifiedTokens()).isOne();
    }

    @Test
    void does_not_cache_refused_tokens() throws Exception {
        var token = sign(EC, claims("exp", NOW - 31));
        failure(authenticator.verify(bearer(token)));
        assertThat(authenticator.cached(bearer(token))).isNull();
        assertThat(authenticator.verifiedTokens()).isZero();
    }

    @Test
    void allows_for_different_clocks() throws Exception {
        for (var name : List.of("nbf", "iat")) {
            assertThat(await(authenticator.verify(bearer(sign(EC, claims(name, NOW + 30))))))
                    .isNotNull();
            assertThat(failure(authenticator.verify(bearer(sign(EC, claims(name, NOW + 31))))))
                    .isInstanceOf(PlaneException.Unauthenticated.class);
        }
        assertThat(await(authenticator.verify(bearer(sign(EC, claims("exp", NOW - 29))))))
                .isNotNull();
        assertThat(failure(authenticator.verify(bearer(sign(EC, claims("exp", NOW - 30))))))
                .isInstanceOf(PlaneException.Unauthenticated.class);
    }

    @Test
    void accepts_times_with_decimals() throws Exception {
        assertThat(await(authenticator.verify(bearer(sign(EC, claims("exp", NOW + 0.5)))))
                        .expiresUs())
                .isEqualTo(NOW * SECOND + SECOND / 2);
    }

    @Test
    void caches_no_more_tokens_than_its_bound() throws Exception {
        var small = open(with(new CacheBounds(10, 1_000_000)));
        for (int i = 0; i < 50; i++) {
            await(small.verify(bearer(sign(ED, claims("jti", "t" + i)))));
        }
        assertThat(small.verifiedTokens()).isBetween(1L, 10L);
    }

    @Test
    void caches_no_more_bytes_than_its_bound() throws Exception {
        var small = open(with(new CacheBounds(1_000, 10_000)));
        for (int i = 0; i < 50; i++) {
            await(small.verify(bearer(sign(ED, claims("jti", "t" + i)))));
        }
        // A token and its identity take more than a thousand bytes.
        assertThat(small.verifiedTokens()).isBetween(1L, 10L);
    }

    @Test
    void verifies_once_for_all_calls_at_the_same_time() throws Exception {
        for (int round = 0; round < 20; round++) {
            var token = sign(RSA, claims("jti", "round-" + round));
            var identities = Collections.newSetFromMap(new ConcurrentHashMap<Integer, Boolean>());
            ConcurrentTasks.runOnThreads(
                    8, () -> identities.add(System.identityHashCode(await(authenticator.verify(bearer(token))))));
            assertThat(identities).hasSize(1);
        }
    }

    @Test
    void fails_when_the_plane_stops() throws Exception {
        authenticator.close();
        assertThat(failure(authenticator.verify(bearer(sign(EC, claims())))))
                .isInstanceOf(PlaneException.Unavailable.class);
    }

    @Test
    void accepts_a_token_without_key_id_if_one_key_fits() throws Exception {
        var token = sign(EC, Map.of(), JsonUtil.toJson(claims()));
        assertThat(await(authenticator.verify(bearer(token))).keyId()).isEqualTo("ec-1");
    }

    private void publish(PublicJsonWebKey... keys) throws Exception {
        IdentityProvider.publish(directory.resolve("jwks.json"), IdentityProvider.jwks(keys));
    }

    private static PublicJsonWebKey unnamed(PublicJsonWebKey key) {
        key.setKeyId(null);
        return key;
    }

    private static String signWithoutKeyId(PublicJsonWebKey key) {
        return sign(key, Map.of(), JsonUtil.toJson(claims()));
    }

    private String refusal(String token) throws Exception {
        return failure(authenticator.verify(bearer(token))).getMessage();
    }

    @Test
    void accepts_a_token_without_key_id_if_one_of_several_keys_signed_it() throws Exception {
        var second = IdentityProvider.key("ES256", "ec-2");
        publish(EC, second, RSA);
        assertThat(await(authenticator.verify(bearer(signWithoutKeyId(second)))).keyId())
                .isEqualTo("ec-2");
        assertThat(await(authenticator.verify(bearer(signWithoutKeyId(EC)))).keyId())
                .isEqualTo("ec-1");
        assertThat(refusal(signWithoutKeyId(IdentityProvider.key("ES256", "ec-3"))))
                .isEqualTo("the token's signature is not valid");
    }

    @Test
    void accepts_tokens_of_keys_without_ids_whether_they_name_a_key_or_not() throws Exception {
        var first = unnamed(IdentityProvider.key("ES256", ""));
        var second = unnamed(IdentityProvider.key("ES256", ""));
        publish(first, second, EC);
        for (var key : List.of(first, second)) {
            assertThat(await(authenticator.verify(bearer(signWithoutKeyId(key)))))
                    .isNotNull();
            var named = sign(key, Map.of("kid", "any"), JsonUtil.toJson(claims()));
            assertThat(await(authenticator.verify(bearer(named)))).isNotNull();
        }
        assertThat(refusal(sign(first, Map.of("kid", "ec-1"), JsonUtil.toJson(claims()))))
                .as("a token that names a key of the set is checked with that one")
                .isEqualTo("the token's signature is not valid");
    }

    @Test
    void accepts_tokens_of_two_keys_with_the_same_id() throws Exception {
        var second = IdentityProvider.key("ES256", "ec-1");
        publish(EC, second);
        for (var key : List.of(EC, second)) {
            assertThat(await(authenticator.verify(bearer(sign(key, claims()))))).isNotNull();
        }
    }

    @Test
    void tries_at_most_eight_keys_for_a_token_that_names_none() throws Exception {
        var keys = IntStream.rangeClosed(1, KeySet.MAX_CANDIDATES + 1)
                .mapToObj(i -> IdentityProvider.key("EdDSA", "ed-" + i))
                .toArray(PublicJsonWebKey[]::new);
        publish(keys);
        assertThat(await(authenticator.verify(bearer(signWithoutKeyId(keys[KeySet.MAX_CANDIDATES - 1])))))
                .isNotNull();
        assertThat(refusal(signWithoutKeyId(keys[KeySet.MAX_CANDIDATES])))
                .isEqualTo("the token's signature is not valid");
        assertThat(await(authenticator.verify(bearer(sign(keys[KeySet.MAX_CANDIDATES], claims())))))
                .as("its own id finds it")
                .isNotNull();
    }

    @Test
    void tries_several_keys_once_for_a_token_that_none_of_them_signed() throws Exception {
        var second = IdentityProvider.key("ES256", "ec-2");
        var newer = IdentityProvider.key("ES256", "ec-3");
        publish(EC, second);
        var token = signWithoutKeyId(newer);
        for (int i = 0; i < 5; i++) {
            assertThat(refusal(token)).isEqualTo("the token's signature is not valid");
        }
        assertThat(authenticator.unsignedTokens()).isOne();
        publish(EC, second, newer);
        clock.addAndGet(2 * SECOND);
        assertThat(await(authenticator.verify(bearer(token))).keyId())
                .as("newer keys are tried")
                .isEqualTo("ec-3");
    }

    @Test
    void has_no_part_of_a_token_in_its_messages() throws Exception {
        var token = sign(EC, claims("sub", "x".repeat(300)));
        assertThat(failure(authenticator.verify(bearer(token))).getMessage())
                .doesNotContain("xxx")
                .doesNotContain(token);
    }
}
