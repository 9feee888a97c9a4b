package io.pulseplane.gate.token;

import io.pulseplane.vitals.Identifier;
import io.pulseplane.vitals.PlaneException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedCollection;

/**
 * Reads the identity from the claims of a token whose signature is valid. It checks that the token is for this plane
 * and valid at this time, and that every claim has the right form.
 */
final class ClaimsReader {

    /** More than any identity provider is expected to put into a token. */
    static final int MAX_ROLES = 100;

    /** The bound of OpenID Connect. */
    static final int MAX_SUBJECT_LENGTH = 255;

    /** The end of the year 9999. A later time is a mistake, perhaps milliseconds instead of seconds. */
    private static final long MAX_SECONDS = 253_402_300_799L;

    private static final long MICROS = 1_000_000L;

    private final TokenSettings settings;
    private final long skewUs;

    ClaimsReader(TokenSettings settings) {
        this.settings = settings;
        this.skewUs = settings.clockSkew().toMillis() * 1_000;
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
        require(settings.issuer().equals(claims.get("iss")), "the token's issuer is not the one trusted here");
        require(isAudience(claims.get("aud")), "the token is not meant for this plane");
        var names = settings.claims();
        require(settings.tenant().equals(find(claims, names.tenant())), "the token is of another tenant");
        return new Identity(
                subject(claims),
                roles(claims),
                settings.tenant(),
                id(claims, names.deviceId(), "the token's device id"),
                id(claims, names.patientId(), "the token's patient id"),
                expires,
                key.id(),
                text(claims, "jti", "the token's id"));
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

    private boolean isAudience(Object audience) {
        return audience instanceof List<?> audiences
                ? audiences.contains(settings.audience())
                : settings.audience().equals(audience);
    }

    private static String subject(Map<String, Object> claims) {
        var subject = text(claims, "sub", "the token's subject");
        require(!subject.isEmpty(), "the token does not say whose it is");
        return subject;
    }

    private SequencedCollection<?> roleClaims(Map<String, Object> claims) {
        var roles = find(claims, settings.claims().roles());
        if (roles != null) {
            require(roles instanceof List<?>, "the token's roles are not an array");
            return (List<?>) roles;
        }
        var role = find(claims, settings.claims().role());
        return role == null ? List.of() : List.of(role);
    }

    private List<String> roles(Map<String, Object> claims) {
        var claimed = roleClaims(claims);
        require(claimed.size() <= MAX_ROLES, "the token has more than " + MAX_ROLES + " roles");
        var roles = new LinkedHashSet<String>();
        for (var role : claimed) {
            require(
                    role instanceof String text
                            && Identifier.describeViolation(text).isEmpty(),
                    "a role of the token is not a text of 1 to " + Identifier.MAX_LENGTH + " printable characters");
            roles.add((String) role);
        }
        return new ArrayList<>(roles);
    }

    /** Returns an empty text if there is no such claim. */
    private static String id(Map<String, Object> claims, String name, String description) {
        var value = find(claims, name);
        if (value == null && !claims.containsKey(name)) {
            return "";
        }
        require(value instanceof String, description + " is not a text");
        Identifier.describeViolation((String) value).ifPresent(fault -> {
            throw new PlaneException.Unauthenticated(description + " " + fault);
        });
        return (String) value;
    }

    /** Returns an empty text if there is no such claim. */
    private static String text(Map<String, Object> claims, String name, String description) {
        var value = claims.getOrDefault(name, "");
        require(value instanceof String, description + " is not a text");
        Identifier.describeTextViolation((String) value, MAX_SUBJECT_LENGTH).ifPresent(fault -> {
            throw new PlaneException.Unauthenticated(description + " " + fault);
        });
        return (String) value;
    }

    /** Looks for a claim of this name, then reads the name as a path. Returns null if there is no such claim. */
    private static Object find(Map<?, ?> claims, String name) {
        if (claims.containsKey(name)) {
            return claims.get(name);
        }
        int slash = name.indexOf('/');
        return slash >= 0 && claims.get(name.substring(0, slash)) instanceof Map<?, ?> inner
                ? find(inner, name.substring(slash + 1))
                : null;
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new PlaneException.Unauthenticated(message);
        }
    }
}
