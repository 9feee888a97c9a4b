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

/** Tokens that are good, and how long they are remembered. */
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

    private Authenticator open(TokenSettings with) throws UnusableKeyException {
        opened.add(Authenticator.open(with, () -> null, clock::get));
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
    void takes_a_token_of_each_good_algorithm(PublicJsonWebKey key) throws Exception {
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
    void knows_devices_and_patients_by_their_ids() throws Exception {
        var device = claims("device_id", "monitor 7");
        device.put("patient_id", "Müller");
        device.put("roles", List.of("device", "patient", "device"));
        var identity = await(authenticator.verify(bearer(sign(EC, device))));
        assertThat(identity.deviceId()).isEqualTo("monitor 7");
        assertThat(identity.patientId()).isEqualTo("Müller");
        assertThat(identity.roles()).containsExactly("device", "patient");
    }

    @Test
    void takes_a_single_role_and_none_at_all() throws Exception {
        var single = claims("roles", null);
        single.put("role", "auditor");
        assertThat(await(authenticator.verify(bearer(sign(EC, single)))).roles())
                .containsExactly("auditor");
        assertThat(await(authenticator.verify(bearer(sign(EC, claims("roles", null)))))
                        .roles())
                .isEmpty();
    }

    @Test
    void takes_a_role_in_other_case_for_another_role() throws Exception {
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

    private TokenSettings with(CacheBounds known) {
        return new TokenSettings(
                settings.tenant(),
                settings.issuer(),
                settings.audience(),
                settings.clockSkew(),
                settings.maxTokenBytes(),
                settings.keys(),
                settings.claims(),
                settings.refresh(),
                known);
    }

    @Test
    void takes_a_token_for_several_audiences_if_the_plane_is_one() throws Exception {
        var several = claims("aud", List.of("account", "pulseplane"));
        assertThat(await(authenticator.verify(bearer(sign(EC, several)))).subject())
                .isEqualTo("dr-grey");
    }

    @Test
    void does_not_know_a_token_before_it_was_verified() throws Exception {
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
    void does_not_verify_what_it_knows() throws Exception {
        var token = sign(EC, claims());
        var identity = await(authenticator.verify(bearer(token)));
        assertThat(await(authenticator.verify(bearer(token)))).isSameAs(identity);
    }

    @Test
    void knows_a_token_until_it_expires_and_not_a_moment_longer() throws Exception {
        var token = sign(EC, claims());
        var identity = await(authenticator.verify(bearer(token)));
        long end = (NOW + 300 + 30) * SECOND;
        // Step by step, so that the keys are looked at in between and are not what fails.
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
    void lets_go_of_tokens_that_have_expired_when_others_come() throws Exception {
        for (int i = 0; i < 20; i++) {
            await(authenticator.verify(bearer(sign(ED, claims("jti", "t" + i)))));
        }
        assertThat(authenticator.verifiedTokens()).isEqualTo(20);
        clock.addAndGet(330 * SECOND);
        await(authenticator.verify(bearer(sign(ED, claims("exp", NOW + 600)))));
        assertThat(authenticator.verifiedTokens()).isOne();
    }

    @Test
    void does_not_remember_what_it_refused() throws Exception {
        var token = sign(EC, claims("exp", NOW - 31));
        failure(authenticator.verify(bearer(token)));
        assertThat(authenticator.cached(bearer(token))).isNull();
        assertThat(authenticator.verifiedTokens()).isZero();
    }

    @Test
    void takes_a_token_at_the_edges_of_its_time_as_the_clocks_may_differ() throws Exception {
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
    void takes_times_with_decimals() throws Exception {
        assertThat(await(authenticator.verify(bearer(sign(EC, claims("exp", NOW + 0.5)))))
                        .expiresUs())
                .isEqualTo(NOW * SECOND + SECOND / 2);
    }

    @Test
    void remembers_no_more_tokens_than_it_may() throws Exception {
        var few = open(with(new CacheBounds(10, 1_000_000)));
        for (int i = 0; i < 50; i++) {
            await(few.verify(bearer(sign(ED, claims("jti", "t" + i)))));
        }
        assertThat(few.verifiedTokens()).isBetween(1L, 10L);
    }

    @Test
    void remembers_no_more_bytes_than_it_may() throws Exception {
        var few = open(with(new CacheBounds(1_000, 10_000)));
        for (int i = 0; i < 50; i++) {
            await(few.verify(bearer(sign(ED, claims("jti", "t" + i)))));
        }
        // A token and what is known of it takes more than a thousand bytes.
        assertThat(few.verifiedTokens()).isBetween(1L, 10L);
    }

    @Test
    void verifies_once_for_all_who_ask_at_the_same_time() throws Exception {
        for (int round = 0; round < 20; round++) {
            var token = sign(RSA, claims("jti", "round-" + round));
            var identities = Collections.newSetFromMap(new ConcurrentHashMap<Integer, Boolean>());
            ConcurrentTasks.runOnThreads(
                    8, () -> identities.add(System.identityHashCode(await(authenticator.verify(bearer(token))))));
            assertThat(identities).hasSize(1);
        }
    }

    @Test
    void says_that_the_plane_stops_when_it_does() throws Exception {
        authenticator.close();
        assertThat(failure(authenticator.verify(bearer(sign(EC, claims())))))
                .isInstanceOf(PlaneException.Unavailable.class);
    }

    @Test
    void takes_a_token_without_key_id_if_one_key_fits() throws Exception {
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
    void never_tells_a_token_in_what_it_says() throws Exception {
        var token = sign(EC, claims("sub", "x".repeat(300)));
        assertThat(failure(authenticator.verify(bearer(token))).getMessage())
                .doesNotContain("xxx")
                .doesNotContain(token);
    }
}
