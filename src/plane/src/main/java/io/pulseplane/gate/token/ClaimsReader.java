package io.pulseplane.gate.token;

import io.pulseplane.vitals.Identifier;
import io.pulseplane.vitals.PlaneException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads the identity from the claims of a token whose signature is valid. It checks that the token is for this plane
 * and valid at this time, and that every claim has the right form.
 */
final class ClaimsReader {

    /** Names the only rpc that the token is for. */
    static final String RPC = "pulseplane_rpc";

    /** Names the patients that a device may write for: a text, or an array of texts. */
    static final String WRITES_FOR = "pulseplane_patients";

    /** The bound of OpenID Connect. */
    static final int MAX_SUBJECT_LENGTH = 255;

    /** The end of the year 9999. A later time is a mistake, perhaps milliseconds instead of seconds. */
    private static final long MAX_SECONDS = 253_402_300_799L;

    private static final long MICROS = 1_000_000L;

    /** What the claim {@code typ} of Keycloak's tokens says if they are no access tokens. */
    private static final Set<String> OTHER_TYPES = Set.of("ID", "Refresh", "Offline", "Logout");

    private final TokenSettings settings;
    private final long skewUs;
    private final ClaimPath subject;
    private final ClaimPath audience;
    private final RoleClaims roles;

    /** Empty if the issuer has users of the plane's tenant only. */
    private final Optional<ClaimPath> tenant;

    private final ClaimPath deviceId;
    private final ClaimPath patientId;

    ClaimsReader(TokenSettings settings) {
        this.settings = settings;
        this.skewUs = settings.clockSkew().toMillis() * 1_000;
        var names = settings.claims();
        this.subject = ClaimPath.of(names.subject());
        this.audience = ClaimPath.of(names.audience());
        this.roles = new RoleClaims(names);
        this.tenant = names.tenant().map(ClaimPath::of);
        this.deviceId = ClaimPath.of(names.deviceId());
        this.patientId = ClaimPath.of(names.patientId());
    }

    /**
     * When a token of this identity stops being valid, with the allowance for clocks. In microseconds since the epoch.
     */
    long validUntilUs(Identity identity) {
        return identity.expiresUs() + skewUs;
    }

    /** @throws PlaneException.Unauthenticated if the claims are not valid for this plane at this time */
    Identity read(Map<String, Object> claims, VerificationKey key, long nowUs) {
        long expires = checkTimes(claims, nowUs);
        checkUse(claims);
        checkIssuer(claims.get("iss"));
        checkAudience(audience.find(claims));
        tenant.ifPresent(path -> checkTenant(path, path.find(claims)));
        return new Identity(
                subject(claims),
                roles.read(claims),
                settings.tenant(),
                id(deviceId.find(claims), "the token's device id"),
                id(patientId.find(claims), "the token's patient id"),
                expires,
                claims.get("iat") == null ? Long.MIN_VALUE : time(claims, "iat"),
                key.id(),
                text(claims.get("jti"), "the token's id"),
                text(claims.get(RPC), "the token's rpc"),
                ids(claims.get(WRITES_FOR), "a patient that the token writes for"));
    }

    /** Returns the time of expiry, in microseconds since the epoch. */
    private long checkTimes(Map<String, Object> claims, long nowUs) {
        require(claims.get("exp") != null, "the token does not say when it expires");
        long expires = time(claims, "exp");
        require(nowUs < expires + skewUs, "the token has expired");
        require(claims.get("nbf") == null || time(claims, "nbf") <= nowUs + skewUs, "the token is not valid yet");
        require(claims.get("iat") == null || time(claims, "iat") <= nowUs + skewUs, "the token is from the future");
        return expires;
    }

    /** Reads seconds since the epoch, perhaps with decimals, as microseconds. */
    private static long time(Map<String, Object> claims, String name) {
        if (claims.get(name) instanceof Number number) {
            double seconds = number.doubleValue();
            if (seconds >= 0 && seconds <= MAX_SECONDS) {
                return number instanceof Long whole ? whole * MICROS : (long) (seconds * MICROS);
            }
        }
        throw new PlaneException.Unauthenticated("the token's " + name + " is not a time in seconds");
    }

    /** Some providers sign ID tokens and refresh tokens with the same key and say what they are in a claim. */
    private static void checkUse(Map<String, Object> claims) {
        var use = claims.get("token_use");
        require(
                (use == null || use.equals("access")) && !OTHER_TYPES.contains(String.valueOf(claims.get("typ"))),
                "the token is not an access token");
    }

    private void checkIssuer(Object issuer) {
        require(issuer != null, "the token does not say who issued it (claim iss)");
        var trusted = settings.issuer();
        if (!trusted.equals(issuer)) {
            boolean isSlashOnly = (trusted + "/").equals(issuer) || trusted.equals(issuer + "/");
            throw new PlaneException.Unauthenticated(
                    isSlashOnly
                            ? "the token's issuer differs from the one trusted here by a slash at its end"
                            : "the token's issuer is not the one trusted here");
        }
    }

    private void checkAudience(Object value) {
        require(value != null, "the token does not say for whom it is (claim " + audience.text() + ")");
        var claimed = value instanceof List<?> several ? several : List.of(value);
        require(claimed.stream().anyMatch(settings.audiences()::contains), "the token is not meant for this plane");
    }

    private void checkTenant(ClaimPath path, Object value) {
        require(value != null, "the token does not say its tenant (claim " + path.text() + ")");
        require(settings.tenant().equals(single(value)), "the token is of another tenant");
    }

    private String subject(Map<String, Object> claims) {
        var value = text(subject.find(claims), "the token's subject");
        require(!value.isEmpty(), "the token does not say whose it is (claim " + subject.text() + ")");
        return value;
    }

    /** Some providers send every attribute of a user as an array. */
    private static Object single(Object value) {
        return value instanceof List<?> values && values.size() == 1 ? values.getFirst() : value;
    }

    /** Returns an empty text if there is no such claim. */
    private static String id(Object claim, String description) {
        if (claim == null) {
            return "";
        }
        if (!(single(claim) instanceof String id)) {
            throw new PlaneException.Unauthenticated(description + " is not a text");
        }
        Identifier.describeViolation(id).ifPresent(fault -> {
            throw new PlaneException.Unauthenticated(description + " " + fault);
        });
        return id;
    }

    private static Set<String> ids(Object claim, String description) {
        if (claim == null) {
            return Set.of();
        }
        var values = claim instanceof List<?> several ? several : List.of(claim);
        return values.stream().map(value -> id(value, description)).collect(Collectors.toUnmodifiableSet());
    }

    /** Returns an empty text if there is no such claim. */
    private static String text(Object claim, String description) {
        if (claim == null) {
            return "";
        }
        if (!(claim instanceof String text)) {
            throw new PlaneException.Unauthenticated(description + " is not a text");
        }
        Identifier.describeViolation(text, MAX_SUBJECT_LENGTH).ifPresent(fault -> {
            throw new PlaneException.Unauthenticated(description + " " + fault);
        });
        return text;
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new PlaneException.Unauthenticated(message);
        }
    }
}
