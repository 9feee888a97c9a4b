package io.pulseplane.gate.token;

import static io.pulseplane.gate.token.IdentityProvider.EC;
import static io.pulseplane.gate.token.IdentityProvider.SECOND;
import static io.pulseplane.gate.token.IdentityProvider.await;
import static io.pulseplane.gate.token.IdentityProvider.bearer;
import static io.pulseplane.gate.token.IdentityProvider.claims;
import static io.pulseplane.gate.token.IdentityProvider.failure;
import static io.pulseplane.gate.token.IdentityProvider.jwks;
import static io.pulseplane.gate.token.IdentityProvider.publish;
import static io.pulseplane.gate.token.IdentityProvider.sign;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pulseplane.gate.token.TokenSettings.Keys;
import io.pulseplane.vitals.PlaneException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.jose4j.jwk.PublicJsonWebKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys in a file that changes, and the cached tokens of these keys. */
class JwksFileTest {

    private static final PublicJsonWebKey NEXT = IdentityProvider.key("ES256", "ec-2");

    @TempDir
    Path directory;

    private final AtomicLong clock = IdentityProvider.clock();
    private final String token = sign(EC, claims());
    private Path file;
    private Authenticator authenticator;
    private Identity identity;

    @BeforeEach
    void open() throws Exception {
        file = directory.resolve("jwks.json");
        publish(file, jwks(EC));
        authenticator = Authenticator.open(TokenSettings.of(new Keys.JwksFile(file)), () -> null, clock::get);
        identity = await(authenticator.verify(bearer(token)));
    }

    @AfterEach
    void close() {
        authenticator.close();
    }

    @Test
    void refuses_tokens_when_their_key_is_removed_while_calls_come_in() throws Exception {
        publish(file, jwks(NEXT));
        assertThat(authenticator.cached(bearer(token))).isSameAs(identity);
        clock.addAndGet(SECOND);
        await().until(() -> authenticator.cached(bearer(token)) == null);
        assertThat(failure(authenticator.verify(bearer(token))))
                .isInstanceOf(PlaneException.Unauthenticated.class)
                .hasMessage("the token's key is not known");
    }

    @Test
    void refuses_tokens_of_a_key_that_was_removed_while_there_were_no_calls() throws Exception {
        publish(file, jwks(NEXT));
        clock.addAndGet(60 * SECOND);
        assertThat(authenticator.cached(bearer(token))).isNull();
        assertThat(failure(authenticator.verify(bearer(token)))).isInstanceOf(PlaneException.Unauthenticated.class);
    }

    @Test
    void refuses_tokens_when_their_key_is_replaced_by_another_of_the_same_name() throws Exception {
        publish(file, jwks(IdentityProvider.key("ES256", "ec-1")));
        clock.addAndGet(60 * SECOND);
        assertThat(authenticator.cached(bearer(token))).isNull();
        assertThat(failure(authenticator.verify(bearer(token))))
                .isInstanceOf(PlaneException.Unauthenticated.class)
                .hasMessage("the token's signature is not valid");
    }

    @Test
    void refuses_all_tokens_when_all_keys_are_removed() throws Exception {
        publish(file, "{\"keys\":[]}");
        clock.addAndGet(60 * SECOND);
        assertThat(failure(authenticator.verify(bearer(token)))).isInstanceOf(PlaneException.Unauthenticated.class);
        assertThat(authenticator.cached(bearer(token))).isNull();
    }

    @Test
    void keeps_tokens_when_another_key_is_added_or_removed() throws Exception {
        publish(file, jwks(NEXT, EC));
        assertThat(await(authenticator.verify(bearer(sign(NEXT, claims())))).keyId())
                .isEqualTo("ec-2");
        assertThat(authenticator.cached(bearer(token))).isSameAs(identity);
        clock.addAndGet(60 * SECOND);
        assertThat(await(authenticator.verify(bearer(token)))).isSameAs(identity);
        publish(file, jwks(EC));
        clock.addAndGet(60 * SECOND);
        assertThat(await(authenticator.verify(bearer(token)))).isSameAs(identity);
        assertThat(failure(authenticator.verify(bearer(sign(NEXT, claims())))))
                .isInstanceOf(PlaneException.Unauthenticated.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "{\"keys\":{}}", "{\"keys\":[],\"keys\":[]}", "not json at all"})
    void uses_the_last_keys_for_a_day_when_the_file_is_broken(String broken) throws Exception {
        publish(file, broken);
        clock.addAndGet(60 * SECOND);
        assertThat(await(authenticator.verify(bearer(token)))).isSameAs(identity);
        assertThat(authenticator.cached(bearer(token))).isSameAs(identity);
        var later = sign(EC, claims("exp", IdentityProvider.NOW + 7 * 24 * 3_600));
        clock.addAndGet(24 * 3_600 * SECOND - 120 * SECOND);
        assertThat(await(authenticator.verify(bearer(later)))).isNotNull();
        clock.addAndGet(120 * SECOND);
        assertThat(authenticator.cached(bearer(later))).isNull();
        assertThat(failure(authenticator.verify(bearer(later)))).isInstanceOf(PlaneException.Unavailable.class);
        publish(file, jwks(EC));
        clock.addAndGet(2 * SECOND);
        assertThat(await(authenticator.verify(bearer(later)))).isNotNull();
    }

    @Test
    void uses_the_last_keys_when_the_file_is_missing_or_too_long() throws Exception {
        Files.delete(file);
        clock.addAndGet(60 * SECOND);
        assertThat(await(authenticator.verify(bearer(token)))).isSameAs(identity);
        publish(file, jwks(NEXT) + " ".repeat(JwksReader.MAX_BYTES));
        clock.addAndGet(60 * SECOND);
        assertThat(await(authenticator.verify(bearer(token)))).isSameAs(identity);
    }

    @Test
    void loads_again_when_the_clock_was_set_back() throws Exception {
        clock.addAndGet(-3_600 * SECOND);
        publish(file, jwks(NEXT));
        await().until(() -> authenticator.cached(bearer(token)) == null);
    }

    @Test
    void fails_at_the_start_without_a_file() {
        var nowhere = directory.resolve("nowhere.json");
        assertThatThrownBy(
                        () -> Authenticator.open(TokenSettings.of(new Keys.JwksFile(nowhere)), () -> null, clock::get))
                .isInstanceOf(UnusableKeyException.class)
                .hasMessageContaining(nowhere.toString());
    }
}
