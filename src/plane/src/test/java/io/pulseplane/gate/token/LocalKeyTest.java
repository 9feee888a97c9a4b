package io.pulseplane.gate.token;

import static io.pulseplane.gate.token.IdentityProvider.NOW;
import static io.pulseplane.gate.token.IdentityProvider.SECOND;
import static io.pulseplane.gate.token.IdentityProvider.await;
import static io.pulseplane.gate.token.IdentityProvider.bearer;
import static io.pulseplane.gate.token.IdentityProvider.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pulseplane.ConcurrentTasks;
import io.pulseplane.gate.token.TokenSettings.Keys;
import io.pulseplane.vitals.PlaneException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jose4j.jwk.JsonWebKey.OutputControlLevel;
import org.jose4j.jwk.PublicJsonWebKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The key that a plane makes for itself, and tokens made with it. */
class LocalKeyTest {

    @TempDir
    Path directory;

    private final AtomicLong clock = IdentityProvider.clock();
    private Path dataDir;
    private Path file;
    private TokenSettings settings;
    private Authenticator authenticator;

    @BeforeEach
    void open() throws Exception {
        dataDir = directory.resolve("data");
        file = dataDir.resolve("token.key");
        settings = TokenSettings.of(new Keys.Local(dataDir));
        authenticator = Authenticator.open(settings, () -> null, clock::get);
    }

    @AfterEach
    void close() {
        authenticator.close();
    }

    private static TokenRequest doctor() {
        return new TokenRequest(
                "dr-grey", List.of(Roles.AUTHORIZED_MEDICAL_STAFF), "local", "", "", TokenRequest.DEFAULT_TTL);
    }

    private String issue(TokenRequest request) throws UnusableKeyException {
        return TokenIssuer.open(dataDir, settings, clock::get).issue(request);
    }

    @Test
    void is_made_at_the_start_for_its_owner_only() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        try (var files = Files.list(dataDir)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void makes_tokens_that_the_plane_accepts() throws Exception {
        var identity = await(authenticator.verify(bearer(issue(doctor()))));
        assertThat(identity.subject()).isEqualTo("dr-grey");
        assertThat(identity.roles()).containsExactly("authorized_medical_staff");
        assertThat(identity.tenant()).isEqualTo("local");
        assertThat(identity.expiresUs()).isEqualTo((NOW + 3_600) * SECOND);
        assertThat(identity.tokenId()).isNotEmpty();
        var monitor = new TokenRequest("m1", List.of("device"), "local", "", "m1", Duration.ofDays(30));
        assertThat(await(authenticator.verify(bearer(issue(monitor)))).deviceId())
                .isEqualTo("m1");
        var ada = new TokenRequest("ada", List.of("patient", "auditor"), "local", "ada", "", Duration.ofSeconds(1));
        assertThat(await(authenticator.verify(bearer(issue(ada)))).patientId()).isEqualTo("ada");
    }

    @Test
    void makes_tokens_of_another_tenant_that_this_plane_refuses() throws Exception {
        var token = issue(new TokenRequest("x", List.of("auditor"), "remote", "", "", Duration.ofHours(1)));
        assertThat(failure(authenticator.verify(bearer(token)))).hasMessage("the token is of another tenant");
    }

    @Test
    void is_the_same_key_after_a_restart() throws Exception {
        var token = issue(doctor());
        authenticator.close();
        authenticator = Authenticator.open(settings, () -> null, clock::get);
        assertThat(await(authenticator.verify(bearer(token)))).isNotNull();
    }

    @Test
    void is_one_key_if_several_make_it_at_once() throws Exception {
        for (int round = 0; round < 20; round++) {
            var fresh = directory.resolve("fresh-" + round);
            var ids = Collections.newSetFromMap(new ConcurrentHashMap<String, Boolean>());
            ConcurrentTasks.runOnThreads(
                    4, () -> ids.add(LocalKey.openOrCreate(fresh).id()));
            assertThat(ids).hasSize(1);
            try (var files = Files.list(fresh)) {
                assertThat(files).hasSize(1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw-r--r--", "rw-----w-", "rwx------", "rw-rw-rw-", "rw----r--"})
    void is_not_used_if_others_can_read_it(String mode) throws Exception {
        var token = issue(doctor());
        await(authenticator.verify(bearer(token)));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        assertThatThrownBy(() -> Authenticator.open(settings, () -> null, clock::get))
                .isInstanceOf(UnusableKeyException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(mode);
        assertThatThrownBy(() -> issue(doctor())).isInstanceOf(UnusableKeyException.class);
        // A running plane does not use it either.
        clock.addAndGet(60 * SECOND);
        assertThat(authenticator.cached(bearer(token))).isNull();
        assertThat(failure(authenticator.verify(bearer(token)))).isInstanceOf(PlaneException.Unavailable.class);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
        clock.addAndGet(SECOND);
        assertThat(await(authenticator.verify(bearer(token)))).isNotNull();
    }

    @Test
    void is_not_used_if_it_belongs_to_another_user_or_is_a_link() throws Exception {
        issue(doctor());
        var elsewhere = file.resolveSibling("elsewhere.key");
        Files.move(file, elsewhere);
        Files.createSymbolicLink(file, elsewhere);
        assertThatThrownBy(() -> issue(doctor()))
                .isInstanceOf(UnusableKeyException.class)
                .hasMessageContaining("no link");
        Files.delete(file);
        Files.move(elsewhere, file);
        issue(doctor());
        assumeTrue(System.getProperty("user.name").equals("root"), "only root can give a file to another user");
        Files.setAttribute(file, "unix:uid", 65_534);
        assertThatThrownBy(() -> issue(doctor()))
                .isInstanceOf(UnusableKeyException.class)
                .hasMessageContaining("chown");
    }

    @Test
    void voids_all_its_tokens_when_it_is_deleted() throws Exception {
        var token = issue(doctor());
        await(authenticator.verify(bearer(token)));
        Files.delete(file);
        clock.addAndGet(60 * SECOND);
        assertThat(authenticator.cached(bearer(token))).isNull();
        assertThat(failure(authenticator.verify(bearer(token)))).isInstanceOf(PlaneException.Unauthenticated.class);
        var another = issue(doctor());
        clock.addAndGet(SECOND);
        assertThat(await(authenticator.verify(bearer(another)))).isNotNull();
        assertThat(failure(authenticator.verify(bearer(token)))).isInstanceOf(PlaneException.Unauthenticated.class);
    }

    @Test
    void is_not_used_if_its_file_has_something_else() throws Exception {
        var rsa = IdentityProvider.RSA.toJson(OutputControlLevel.INCLUDE_PRIVATE);
        var half = IdentityProvider.EC.toJson(OutputControlLevel.PUBLIC_ONLY);
        var secret = "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}";
        for (var content : List.of("", "{", "{}", secret, rsa, half, "x".repeat(100_000))) {
            Files.writeString(file, content);
            assertThatThrownBy(() -> issue(doctor()))
                    .isInstanceOf(UnusableKeyException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageNotContaining("c2VjcmV0");
        }
    }

    @Test
    void is_a_jwk_that_other_programs_read() throws Exception {
        var jwk = PublicJsonWebKey.Factory.newPublicJwk(Files.readString(file));
        assertThat(jwk.getKeyId()).isEqualTo(jwk.calculateBase64urlEncodedThumbprint("SHA-256"));
        var claims = IdentityProvider.claims();
        var token = IdentityProvider.sign(jwk, claims);
        assertThat(await(authenticator.verify(bearer(token))).keyId()).isEqualTo(jwk.getKeyId());
    }

    @Test
    void names_the_directory_that_cannot_be_used() throws Exception {
        var notADirectory = Files.writeString(directory.resolve("file"), "");
        assertThatThrownBy(() -> LocalKey.openOrCreate(notADirectory))
                .isInstanceOf(UnusableKeyException.class)
                .hasMessageContaining(notADirectory.toString());
        var missing = Files.createDirectories(directory.resolve("other/token.key"));
        assertThatThrownBy(() -> LocalKey.openOrCreate(missing.getParent())).isInstanceOf(UnusableKeyException.class);
    }

    @Test
    void refuses_to_make_tokens_that_no_plane_would_accept() {
        var hour = Duration.ofHours(1);
        var roles = List.of("auditor");
        assertRefused("subject", () -> new TokenRequest("", roles, "local", "", "", hour));
        assertRefused("subject", () -> new TokenRequest("a\nb", roles, "local", "", "", hour));
        assertRefused("role", () -> new TokenRequest("x", List.of(), "local", "", "", hour));
        assertRefused("role", () -> new TokenRequest("x", List.of("Auditor"), "local", "", "", hour));
        assertRefused("tenant", () -> new TokenRequest("x", roles, "", "", "", hour));
        assertRefused("patient", () -> new TokenRequest("x", roles, "local", " ", "", hour));
        assertRefused("patient", () -> new TokenRequest("x", List.of("patient"), "local", "", "", hour));
        assertRefused("device", () -> new TokenRequest("x", roles, "local", "", "d".repeat(101), hour));
        assertRefused("device", () -> new TokenRequest("x", List.of("device"), "local", "", "", hour));
        assertRefused("ttl", () -> new TokenRequest("x", roles, "local", "", "", Duration.ZERO));
        assertRefused("ttl", () -> new TokenRequest("x", roles, "local", "", "", hour.negated()));
        assertRefused(
                "ttl",
                () -> new TokenRequest(
                        "x", roles, "local", "", "", Duration.ofDays(30).plusNanos(1)));
    }

    private static void assertRefused(String field, ThrowingCallable request) {
        assertThatThrownBy(request)
                .isInstanceOfSatisfying(
                        PlaneException.InvalidArgument.class,
                        e -> assertThat(e.violations())
                                .extracting(PlaneException.FieldViolation::field)
                                .containsExactly(field));
    }
}
