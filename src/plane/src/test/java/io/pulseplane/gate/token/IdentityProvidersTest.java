package io.pulseplane.gate.token;

import static io.pulseplane.gate.token.IdentityProvider.NOW;
import static io.pulseplane.gate.token.IdentityProvider.RSA;
import static io.pulseplane.gate.token.IdentityProvider.await;
import static io.pulseplane.gate.token.IdentityProvider.bearer;
import static io.pulseplane.gate.token.IdentityProvider.failure;
import static io.pulseplane.gate.token.IdentityProvider.sign;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.gate.token.TokenSettings.ClaimNames;
import io.pulseplane.gate.token.TokenSettings.Keys;
import io.pulseplane.vitals.PlaneException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jose4j.json.JsonUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Access tokens with the headers and claims that identity providers document, and the settings for them of {@code
 * docs/identity-providers.md}.
 */
class IdentityProvidersTest {

    private static final String STAFF = Roles.AUTHORIZED_MEDICAL_STAFF;

    @TempDir
    Path directory;

    private Path jwks;
    private final List<Authenticator> opened = new ArrayList<>();

    @BeforeEach
    void publishKeys() throws Exception {
        jwks = Files.writeString(directory.resolve("jwks.json"), IdentityProvider.jwks(RSA));
    }

    @AfterEach
    void close() {
        opened.forEach(Authenticator::close);
    }

    private Authenticator trusting(String issuer, String audience, String tenant, ClaimNames names) throws Exception {
        var standard = TokenSettings.of(new Keys.JwksFile(jwks));
        var settings = new TokenSettings(
                tenant,
                issuer,
                List.of(audience),
                standard.clockSkew(),
                standard.maxTokenBytes(),
                standard.keys(),
                names,
                standard.refresh(),
                standard.cache());
        opened.add(Authenticator.open(settings, () -> null, IdentityProvider.clock()::get));
        return opened.getLast();
    }

    private static ClaimNames names(
            String subject,
            String audience,
            List<String> roles,
            Optional<String> tenant,
            Map<String, List<String>> rolesByName) {
        return new ClaimNames(subject, audience, roles, tenant, "device_id", "patient_id", rolesByName);
    }

    private static Map<String, Object> valid(Map<String, Object> claims) {
        var all = new HashMap<>(claims);
        all.put("iat", NOW);
        all.put("exp", NOW + 300);
        return all;
    }

    private static BearerToken token(String type, Map<String, Object> claims) {
        var header = new HashMap<String, Object>(Map.of("kid", RSA.getKeyId()));
        if (!type.isEmpty()) {
            header.put("typ", type);
        }
        return bearer(sign(RSA, header, JsonUtil.toJson(claims)));
    }

    private static Map<String, Object> keycloak() {
        return valid(Map.of(
                "iss", "https://idp.example/realms/hospital",
                "aud", List.of("pulseplane", "account"),
                "sub", "f6ab1a8d-9be2-4c43-8e0a-d8f0c7bfc1d3",
                "typ", "Bearer",
                "azp", "ward-app",
                "realm_access", Map.of("roles", List.of("offline_access", "doctor", "default-roles-hospital")),
                "resource_access",
                        Map.of(
                                "ward.app/v2", Map.of("roles", List.of("auditor")),
                                "account", Map.of("roles", List.of("manage-account"))),
                "scope", "openid profile email",
                "preferred_username", "grey"));
    }

    private Authenticator keycloakPlane() throws Exception {
        var roles = List.of("realm_access/roles", "resource_access/ward.app~1v2/roles");
        var map = Map.of("doctor", List.of(STAFF), "auditor", List.of(Roles.AUDITOR));
        return trusting(
                "https://idp.example/realms/hospital",
                "pulseplane",
                "hospital",
                names("preferred_username", "aud", roles, Optional.empty(), map));
    }

    @Test
    void accepts_tokens_of_keycloak() throws Exception {
        var identity = await(keycloakPlane().verify(token("JWT", keycloak())));
        assertThat(identity.subject()).isEqualTo("grey");
        assertThat(identity.tenant()).isEqualTo("hospital");
        assertThat(identity.roles()).containsExactly(STAFF, Roles.AUDITOR);
    }

    @Test
    void refuses_tokens_of_keycloak_that_are_not_for_access() throws Exception {
        for (var type : List.of("ID", "Refresh", "Offline", "Logout")) {
            var claims = keycloak();
            claims.put("typ", type);
            assertThat(failure(keycloakPlane().verify(token("JWT", claims))))
                    .isInstanceOf(PlaneException.Unauthenticated.class)
                    .hasMessage("the token is not an access token");
        }
    }

    private static Map<String, Object> entra() {
        var directoryId = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
        return valid(Map.ofEntries(
                Map.entry("aud", "00001111-aaaa-2222-bbbb-3333cccc4444"),
                Map.entry("iss", "https://login.microsoftonline.com/" + directoryId + "/v2.0"),
                Map.entry("azp", "11112222-bbbb-3333-cccc-4444dddd5555"),
                Map.entry("azpacr", "0"),
                Map.entry("oid", "aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"),
                Map.entry("rh", "0.AXYAeWgQ"),
                Map.entry("scp", "Readings.Read Readings.Write"),
                Map.entry("sub", "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ"),
                Map.entry("tid", directoryId),
                Map.entry("uti", "fqiBqXLPj0eQa82S-IYFAA"),
                Map.entry("ver", "2.0"),
                Map.entry("roles", List.of("Clinician")),
                Map.entry(
                        "groups",
                        List.of("b1b1b1b1-0000-0000-0000-000000000001", "b1b1b1b1-0000-0000-0000-000000000002"))));
    }

    private Authenticator entraPlane() throws Exception {
        var claims = entra();
        var map = Map.of(
                "Clinician", List.of(STAFF),
                "b1b1b1b1-0000-0000-0000-000000000002", List.of(Roles.CLINICAL_ADMIN, Roles.AUDITOR));
        return trusting(
                (String) claims.get("iss"),
                (String) claims.get("aud"),
                (String) claims.get("tid"),
                names("oid", "aud", List.of("roles", "groups"), Optional.of("tid"), map));
    }

    @Test
    void accepts_tokens_of_entra_id() throws Exception {
        var identity = await(entraPlane().verify(token("JWT", entra())));
        assertThat(identity.subject()).isEqualTo("aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb");
        assertThat(identity.roles()).containsExactly(STAFF, Roles.CLINICAL_ADMIN, Roles.AUDITOR);
    }

    @Test
    void says_that_entra_id_left_out_the_groups_of_a_user_in_too_many() throws Exception {
        var claims = entra();
        claims.remove("groups");
        claims.put("_claim_names", Map.of("groups", "src1"));
        claims.put("_claim_sources", Map.of("src1", Map.of("endpoint", "https://graph.example/getMemberObjects")));
        assertThat(failure(entraPlane().verify(token("JWT", claims))))
                .isInstanceOf(PlaneException.Unauthenticated.class)
                .hasMessage("the token has a reference in place of the claim groups (_claim_names)");
    }

    private static Map<String, Object> auth0() {
        return valid(Map.of(
                "iss", "https://hospital.eu.auth0.com/",
                "sub", "auth0|5f7c8ec7c33c6c004bbafe82",
                "aud", List.of("https://plane.example/", "https://hospital.eu.auth0.com/userinfo"),
                "azp", "my_client_id",
                "scope", "openid profile read:readings",
                "permissions", List.of("read:readings"),
                "https://plane.example/roles", List.of("Ward Doctor"),
                "https://plane.example/tenant", "hospital"));
    }

    private Authenticator auth0Plane(String issuer) throws Exception {
        var map = Map.of("Ward Doctor", List.of(STAFF));
        return trusting(
                issuer,
                "https://plane.example/",
                "hospital",
                names(
                        "sub",
                        "aud",
                        List.of("https://plane.example/roles"),
                        Optional.of("https://plane.example/tenant"),
                        map));
    }

    @Test
    void accepts_tokens_of_auth0_in_both_of_its_profiles() throws Exception {
        var plane = auth0Plane("https://hospital.eu.auth0.com/");
        for (var type : List.of("JWT", "at+jwt")) {
            var identity = await(plane.verify(token(type, auth0())));
            assertThat(identity.subject()).isEqualTo("auth0|5f7c8ec7c33c6c004bbafe82");
            assertThat(identity.roles()).containsExactly(STAFF);
        }
    }

    @Test
    void says_that_the_slash_at_the_end_of_the_issuer_is_missing() throws Exception {
        assertThat(failure(auth0Plane("https://hospital.eu.auth0.com").verify(token("JWT", auth0()))))
                .hasMessage("the token's issuer differs from the one trusted here by a slash at its end");
    }

    @Test
    void accepts_tokens_of_okta_with_groups_and_scopes() throws Exception {
        var claims = valid(Map.of(
                "ver", 1,
                "jti", "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
                "iss", "https://hospital.okta.com/oauth2/default",
                "aud", "api://default",
                "sub", "grey@hospital.example",
                "cid", "nmdP1fcyvdVO11AL7ECm",
                "uid", "00ujmkLgagxeRrAg20g3",
                "scp", List.of("openid", "readings.read"),
                "groups", List.of("Everyone", "ICU Doctors")));
        var map = Map.of("ICU Doctors", List.of(STAFF), "readings.read", List.of(Roles.AUDITOR));
        var plane = trusting(
                "https://hospital.okta.com/oauth2/default",
                "api://default",
                "hospital",
                names("sub", "aud", List.of("groups", "scp"), Optional.empty(), map));
        var identity = await(plane.verify(token("", claims)));
        assertThat(identity.subject()).isEqualTo("grey@hospital.example");
        assertThat(identity.roles()).containsExactly(STAFF, Roles.AUDITOR);
    }

    private static Map<String, Object> cognito(String use) {
        return valid(Map.of(
                "sub", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
                "iss", "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_example",
                "client_id", "xxxxxxxxxxxxexample",
                "cognito:groups", List.of("doctors"),
                "token_use", use,
                "scope", "openid plane/readings.read",
                "auth_time", NOW,
                "username", "grey"));
    }

    private Authenticator cognitoPlane() throws Exception {
        var map = Map.of("doctors", List.of(STAFF), "plane/readings.read", List.of(Roles.AUDITOR));
        return trusting(
                "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_example",
                "xxxxxxxxxxxxexample",
                "hospital",
                names("username", "client_id", List.of("cognito:groups", "scope"), Optional.empty(), map));
    }

    @Test
    void accepts_access_tokens_of_cognito_and_no_other_ones() throws Exception {
        var identity = await(cognitoPlane().verify(token("", cognito("access"))));
        assertThat(identity.subject()).isEqualTo("grey");
        assertThat(identity.roles()).containsExactly(STAFF, Roles.AUDITOR);
        assertThat(failure(cognitoPlane().verify(token("", cognito("id")))))
                .hasMessage("the token is not an access token");
    }

    @Test
    void takes_roles_of_no_other_names_where_names_are_mapped() throws Exception {
        var claims = cognito("access");
        claims.put("cognito:groups", List.of("operator", "x".repeat(300), "clinical_admin"));
        claims.remove("scope");
        assertThat(await(cognitoPlane().verify(token("", claims))).roles()).isEmpty();
    }

    @Test
    void says_that_the_tenant_is_missing_where_a_claim_must_have_it() throws Exception {
        var plane = trusting("https://idp.example/realms/hospital", "pulseplane", "hospital", ClaimNames.STANDARD);
        assertThat(failure(plane.verify(token("JWT", keycloak()))))
                .hasMessage("the token does not say its tenant (claim tenant)");
    }
}
