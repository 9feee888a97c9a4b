package io.pulseplane.gate.token;

import static io.pulseplane.gate.token.IdentityProvider.EC;
import static io.pulseplane.gate.token.IdentityProvider.NOW;
import static io.pulseplane.gate.token.IdentityProvider.SECOND;
import static io.pulseplane.gate.token.IdentityProvider.await;
import static io.pulseplane.gate.token.IdentityProvider.bearer;
import static io.pulseplane.gate.token.IdentityProvider.claims;
import static io.pulseplane.gate.token.IdentityProvider.failure;
import static io.pulseplane.gate.token.IdentityProvider.jwks;
import static io.pulseplane.gate.token.IdentityProvider.sign;
import static io.pulseplane.gate.token.JwksServer.respond;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pulseplane.TestCertificate;
import io.pulseplane.gate.token.TokenSettings.Keys;
import io.pulseplane.vitals.PlaneException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.PublicJsonWebKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys that are fetched from an identity provider. */
class JwksUrlTest {

    private static final PublicJsonWebKey NEXT = IdentityProvider.key("ES256", "ec-2");
    private static final long DAY = 24 * 3_600 * SECOND;

    private final AtomicLong clock = IdentityProvider.clock();
    private final ArrayList<AutoCloseable> opened = new ArrayList<>();
    private JwksServer provider;
    private Authenticator authenticator;

    @BeforeEach
    void open() throws Exception {
        provider = new JwksServer();
        opened.add(provider);
        provider.publish(jwks(EC));
        authenticator = open(provider.url(), Duration.ofSeconds(30), null);
    }

    private Authenticator open(URI url, Duration timeout, SSLContext trust) throws Exception {
        var standard = TokenSettings.Refresh.STANDARD;
        var refresh = new TokenSettings.Refresh(
                standard.fileInterval(),
                standard.defaultTtl(),
                standard.minTtl(),
                standard.maxTtl(),
                standard.unknownKeyInterval(),
                standard.retryInterval(),
                standard.maxStale(),
                timeout);
        var settings = TokenSettings.of(new Keys.JwksUrl(url, false));
        var settingsWithRefresh = new TokenSettings(
                settings.tenant(),
                settings.issuer(),
                settings.audiences(),
                settings.clockSkew(),
                settings.maxTokenBytes(),
                settings.keys(),
                settings.claims(),
                refresh,
                settings.cache());
        var context = trust == null ? SSLContext.getDefault() : trust;
        var authenticator = Authenticator.open(settingsWithRefresh, () -> context, clock::get);
        opened.add(authenticator);
        return authenticator;
    }

    @AfterEach
    void close() throws Exception {
        for (var closeable : opened.reversed()) {
            closeable.close();
        }
    }

    /** Valid for a week, so that the token does not expire in a test. */
    private static Map<String, Object> longLived(String id) {
        var claims = claims("exp", NOW + 7 * 24 * 3_600);
        claims.put("jti", id);
        return claims;
    }

    private CompletionStage<Identity> verify(PublicJsonWebKey key, String id) {
        return authenticator.verify(bearer(sign(key, longLived(id))));
    }

    @Test
    void fetches_keys_when_they_are_first_needed_and_once() throws Exception {
        assertThat(provider.requests()).isZero();
        for (int i = 0; i < 10; i++) {
            assertThat(await(verify(EC, "t" + i)).keyId()).isEqualTo("ec-1");
        }
        assertThat(provider.requests()).isOne();
    }

    @Test
    void fetches_keys_over_tls_from_trusted_servers_only() throws Exception {
        var certificate = TestCertificate.selfSigned("CN=localhost", "san=dns:localhost");
        var server = new JwksServer(certificate.sslContext());
        opened.add(server);
        server.publish(jwks(EC));
        var trusting = open(server.url(), Duration.ofSeconds(30), certificate.sslContext());
        assertThat(await(trusting.verify(bearer(sign(EC, claims())))).keyId()).isEqualTo("ec-1");
        var strict = open(server.url(), Duration.ofSeconds(30), null);
        assertThat(failure(strict.verify(bearer(sign(EC, claims()))))).isInstanceOf(PlaneException.Unavailable.class);
        assertThat(server.requests()).isOne();
    }

    @Test
    void fetches_again_for_an_unknown_key() throws Exception {
        await(verify(EC, "old"));
        provider.publish(jwks(EC, NEXT));
        assertThat(await(verify(NEXT, "new")).keyId()).isEqualTo("ec-2");
        assertThat(provider.requests()).isEqualTo(2);
    }

    @Test
    void limits_fetches_for_unknown_keys() throws Exception {
        await(verify(EC, "first"));
        for (int round = 1; round <= 3; round++) {
            for (int i = 0; i < 100; i++) {
                var token = sign(NEXT, Map.of("kid", "unknown-" + round + "-" + i), JsonUtil.toJson(claims()));
                assertThat(failure(authenticator.verify(bearer(token))))
                        .isInstanceOf(PlaneException.Unauthenticated.class)
                        .hasMessage("the token's key is not known");
            }
            assertThat(provider.requests()).isEqualTo(1 + round);
            clock.addAndGet(10 * SECOND);
        }
    }

    @Test
    void refuses_calls_when_too_many_tokens_wait_for_keys() throws Exception {
        var release = new CountDownLatch(1);
        provider.handleWith(exchange -> {
            release.await();
            respond(exchange, 200, jwks(EC));
        });
        var forged = sign(EC, longLived("forged"));
        int end = forged.lastIndexOf('.') + 1;
        var waiting = new ArrayList<CompletionStage<Identity>>();
        for (int i = 0; i < Authenticator.MAX_PENDING_VERIFICATIONS; i++) {
            var signature = new byte[64];
            signature[0] = (byte) i;
            signature[1] = (byte) (i >> 8);
            waiting.add(authenticator.verify(bearer(forged.substring(0, end) + IdentityProvider.base64(signature))));
        }
        assertThat(failure(verify(EC, "late"))).isInstanceOf(PlaneException.ResourceExhausted.class);
        assertThat(provider.requests()).isLessThanOrEqualTo(1);
        release.countDown();
        for (var identity : waiting) {
            assertThat(failure(identity)).isInstanceOf(PlaneException.Unauthenticated.class);
        }
        assertThat(await(verify(EC, "late"))).isNotNull();
        assertThat(provider.requests()).isOne();
    }

    @Test
    void refuses_tokens_whose_key_the_provider_withdrew() throws Exception {
        var token = bearer(sign(EC, longLived("taken-back")));
        await(authenticator.verify(token));
        provider.publish(jwks(NEXT));
        clock.addAndGet(Duration.ofMinutes(5).toSeconds() * SECOND);
        assertThat(authenticator.cached(token)).isNull();
        assertThat(failure(authenticator.verify(token))).isInstanceOf(PlaneException.Unauthenticated.class);
    }

    @Test
    void fetches_in_the_background_before_the_keys_expire() throws Exception {
        var token = bearer(sign(EC, longLived("background")));
        var identity = await(authenticator.verify(token));
        clock.addAndGet(Duration.ofMinutes(4).toSeconds() * SECOND);
        assertThat(authenticator.cached(token)).isSameAs(identity);
        await().until(() -> provider.requests() == 2);
        // Valid for another five minutes from then on.
        await().untilAsserted(() -> {
            clock.set(NOW * SECOND + Duration.ofMinutes(6).toSeconds() * SECOND);
            assertThat(authenticator.cached(token)).isSameAs(identity);
        });
        assertThat(provider.requests()).isEqualTo(2);
    }

    /** The time to live of keys is from 30 s to 1 h. While it lasts, no call waits for a fetch. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "max-age=60 | 60",
                "public, max-age=120, must-revalidate | 120",
                "MAX-AGE=\"90\" | 90",
                "max-age=0 | 30",
                "max-age=1 | 30",
                "max-age=99999999 | 3600",
                "max-age=999999999999999999999 | 3600",
                "s-maxage=60 | 300",
                "max-age=soon | 300",
                "private | 300",
                "no-store | 30",
                "no-cache, max-age=600 | 30"
            })
    void keeps_keys_as_long_as_the_provider_says_within_bounds(String cacheControl, long seconds) throws Exception {
        provider.publish(jwks(EC), cacheControl);
        var token = bearer(sign(EC, longLived("cached")));
        var identity = await(authenticator.verify(token));
        provider.handleWith(exchange -> respond(exchange, 503, ""));
        // While the keys are fresh, no call waits, even if the fetch in the background fails.
        clock.addAndGet(seconds * 4 / 5 * SECOND - 1);
        assertThat(authenticator.cached(token)).isSameAs(identity);
        assertThat(provider.requests()).isOne();
        clock.addAndGet(1 + seconds / 5 * SECOND);
        assertThat(authenticator.cached(token)).isNull();
    }

    @Test
    void uses_the_last_keys_for_a_day_while_the_provider_is_down() throws Exception {
        var token = bearer(sign(EC, longLived("first")));
        var identity = await(authenticator.verify(token));
        provider.close();
        clock.addAndGet(Duration.ofMinutes(5).toSeconds() * SECOND);
        assertThat(await(authenticator.verify(token))).isSameAs(identity);
        assertThat(authenticator.cached(token)).isSameAs(identity);
        clock.addAndGet(DAY - SECOND);
        assertThat(await(verify(EC, "second"))).isNotNull();
        assertThat(authenticator.cached(token)).isSameAs(identity);
        clock.addAndGet(SECOND);
        assertThat(authenticator.cached(token)).isNull();
        assertThat(failure(authenticator.verify(token))).isInstanceOf(PlaneException.Unavailable.class);
    }

    @Test
    void refuses_a_token_whose_key_was_withdrawn_while_the_provider_was_down_and_nobody_called() throws Exception {
        var token = bearer(sign(EC, longLived("first")));
        var identity = await(authenticator.verify(token));
        provider.handleWith(exchange -> respond(exchange, 503, ""));
        clock.addAndGet(Duration.ofMinutes(5).toSeconds() * SECOND);
        assertThat(await(authenticator.verify(token))).isSameAs(identity);
        provider.publish(jwks(NEXT));
        clock.addAndGet(Duration.ofHours(1).toSeconds() * SECOND);
        assertThat(authenticator.cached(token)).isNull();
        assertThat(failure(authenticator.verify(token))).isInstanceOf(PlaneException.Unauthenticated.class);
    }

    @Test
    void refuses_tokens_before_there_are_keys_and_fetches_at_intervals() throws Exception {
        provider.handleWith(exchange -> respond(exchange, 503, ""));
        for (int i = 0; i < 20; i++) {
            assertThat(failure(verify(EC, "t" + i))).isInstanceOf(PlaneException.Unavailable.class);
        }
        assertThat(provider.requests()).isOne();
        provider.publish(jwks(EC));
        clock.addAndGet(10 * SECOND);
        assertThat(await(verify(EC, "t"))).isNotNull();
        assertThat(provider.requests()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 301, 302, 307, 308, 401, 404, 500})
    void accepts_keys_from_a_response_with_status_200_only(int status) throws Exception {
        var elsewhere = new JwksServer();
        opened.add(elsewhere);
        elsewhere.publish(jwks(EC));
        provider.handleWith(exchange -> {
            exchange.getResponseHeaders().add("Location", elsewhere.url().toString());
            respond(exchange, status, status == 204 ? "" : jwks(EC));
        });
        assertThat(failure(verify(EC, "t"))).isInstanceOf(PlaneException.Unavailable.class);
        assertThat(elsewhere.requests()).isZero();
    }

    @Test
    void refuses_an_endless_response() throws Exception {
        provider.handleWith(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            var bytes = new byte[64 * 1_024];
            // Ends when the plane closes the connection.
            while (true) {
                exchange.getResponseBody().write(bytes);
            }
        });
        assertThat(failure(verify(EC, "t"))).isInstanceOf(PlaneException.Unavailable.class);
    }

    @Test
    void does_not_wait_for_a_response_that_stalls() throws Exception {
        var never = new CountDownLatch(1);
        provider.handleWith(_ -> never.await());
        var brief = open(provider.url(), Duration.ofMillis(200), null);
        assertThat(failure(brief.verify(bearer(sign(EC, claims()))))).isInstanceOf(PlaneException.Unavailable.class);
        provider.handleWith(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            never.await();
        });
        clock.addAndGet(10 * SECOND);
        assertThat(failure(brief.verify(bearer(sign(EC, claims()))))).isInstanceOf(PlaneException.Unavailable.class);
        provider.publish(jwks(EC));
        clock.addAndGet(10 * SECOND);
        assertThat(await(brief.verify(bearer(sign(EC, claims()))))).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://example.org/jwks",
                "http://127.0.0.1.example.org/jwks",
                "http://localhost@example.org/jwks",
                "ftp://localhost/jwks",
                "file:/etc/jwks.json",
                "https:jwks",
                "jwks.json"
            })
    void refuses_urls_without_tls_or_with_other_schemes(String url) {
        assertThatThrownBy(() -> new Keys.JwksUrl(URI.create(url), false)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void fetches_without_tls_if_that_is_allowed() {
        assertThat(new Keys.JwksUrl(URI.create("http://idp.internal/jwks"), true).url())
                .hasHost("idp.internal");
    }
}
