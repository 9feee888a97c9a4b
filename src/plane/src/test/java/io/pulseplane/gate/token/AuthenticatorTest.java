package io.pulseplane.gate.token;

import static io.pulseplane.gate.token.IdentityProvider.EC;
import static io.pulseplane.gate.token.IdentityProvider.ED;
import static io.pulseplane.gate.token.IdentityProvider.NOW;
import static io.pulseplane.gate.token.IdentityProvider.RSA;
import static io.pulseplane.gate.token.IdentityProvider.SECOND;
import static io.pulseplane.gate.token.IdentityProvider.await;
import static io.pulseplane.gate.token.IdentityProvider.bearer;
import static io.pulseplane.gate.token.IdentityProvider.claims;
import static io.pulseplane.gate.token.IdentityProvider.failure;
import static io.pulseplane.gate.token.IdentityProvider.sign;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ConcurrentTasks;
import io.pulseplane.gate.token.TokenSettings.CacheBounds;
import io.pulseplane.gate.token.TokenSettings.ClaimNames;
import io.pulseplane.gate.token.TokenSettings.Keys;
import io.pulseplane.vitals.PlaneException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
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
        var file = Files.writeString(directory.resolve("jwks.json"), IdentityProvider.jwks(RSA, EC, ED));
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
        return List.of(RSA, EC, ED);
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
                        key.getKeyId(),
                        "token-1"));
    }

    @Test
    void reads_the_ids_of_devices_and_patients() throws Exception {
        var device = claims("device_id", "monitor 7");
        device.put("patient_id", "Müller");
        device.put("roles", List.of("device", "patient", "device"));
        var identity = await(authenticator.verify(bearer(sign(EC, device))));
        assertThat(identity.deviceId()).isEqualTo("monitor 7");
        assertThat(identity.patientId()).isEqualTo("Müller");
        assertThat(identity.roles()).containsExactly("device", "patient");
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
    void keeps_the_case_of_roles() throws Exception {
        var identity = await(authenticator.verify(bearer(sign(EC, claims("roles", List.of("Auditor", "AUDITOR"))))));
        assertThat(identity.roles()).containsExactly("Auditor", "AUDITOR");
    }

    @Test
    void finds_claims_where_an_identity_provider_puts_them() throws Exception {
        var names = new ClaimNames("realm_access/roles", "role", "https://example.org/tenant", "device", "patient");
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
                settings.audience(),
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
                settings.audience(),
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

    @Test
    void refuses_a_token_without_key_id_if_more_than_one_key_fits() throws Exception {
        IdentityProvider.publish(
                directory.resolve("jwks.json"), IdentityProvider.jwks(EC, IdentityProvider.key("ES256", "ec-2")));
        var token = sign(EC, Map.of(), JsonUtil.toJson(claims()));
        assertThat(failure(authenticator.verify(bearer(token))))
                .isInstanceOf(PlaneException.Unauthenticated.class)
                .hasMessage("the token's key is not known");
    }

    @Test
    void has_no_part_of_a_token_in_its_messages() throws Exception {
        var token = sign(EC, claims("sub", "x".repeat(300)));
        assertThat(failure(authenticator.verify(bearer(token))).getMessage())
                .doesNotContain("xxx")
                .doesNotContain(token);
    }
}
