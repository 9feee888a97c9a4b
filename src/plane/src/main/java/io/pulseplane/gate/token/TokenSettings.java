package io.pulseplane.gate.token;

import io.pulseplane.vitals.Identifier;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which tokens the plane accepts.
 *
 * @param tenant the plane's own; a token must have exactly this tenant
 * @param issuer the value that {@code iss} must have
 * @param audiences the values of which {@code aud} must be or contain one
 * @param clockSkew how far the clocks of issuer and plane may differ
 * @param maxTokenBytes longer tokens are refused unread
 * @param keys the source of the keys
 * @param claims where the other claims are, and what names of roles mean
 * @param refresh how keys are kept up to date
 * @param cache how many verified tokens are cached
 */
public record TokenSettings(
        String tenant,
        String issuer,
        List<String> audiences,
        Duration clockSkew,
        int maxTokenBytes,
        Keys keys,
        ClaimNames claims,
        Refresh refresh,
        CacheBounds cache) {

    public static final String DEFAULT_TENANT = "local";
    public static final String DEFAULT_ISSUER = "pulseplane";
    public static final String DEFAULT_AUDIENCE = "pulseplane";

    /** Below the default bound for all metadata of a call, with room for other entries. */
    public static final int DEFAULT_MAX_TOKEN_BYTES = 16 * 1024;

    private static final Duration MAX_SKEW = Duration.ofMinutes(10);

    public TokenSettings {
        require(!tenant.isEmpty(), "tenant must not be empty");
        require(!issuer.isEmpty(), "issuer must not be empty");
        audiences = List.copyOf(audiences);
        require(!audiences.isEmpty() && audiences.stream().noneMatch(String::isEmpty), "audience must not be empty");
        require(
                !clockSkew.isNegative() && clockSkew.compareTo(MAX_SKEW) <= 0,
                "clock skew must be from 0 to " + MAX_SKEW.toMinutes() + " minutes");
        require(maxTokenBytes > 0, "the maximum length of a token must be at least 1 byte");
    }

    /** The defaults, with these keys. */
    public static TokenSettings of(Keys keys) {
        return new TokenSettings(
                DEFAULT_TENANT,
                DEFAULT_ISSUER,
                List.of(DEFAULT_AUDIENCE),
                Duration.ofSeconds(30),
                DEFAULT_MAX_TOKEN_BYTES,
                keys,
                ClaimNames.STANDARD,
                Refresh.STANDARD,
                CacheBounds.STANDARD);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }

    /** The source of the keys. */
    public sealed interface Keys {

        /** The key that the plane makes for itself in its data directory. */
        record Local(Path dataDir) implements Keys {}

        /** A JWKS in a file, which may change. */
        record JwksFile(Path file) implements Keys {}

        /** A JWKS of an identity provider. Plain {@code http} works on this machine only, unless it is allowed here. */
        record JwksUrl(URI url, boolean allowPlainHttp) implements Keys {
            public JwksUrl {
                var scheme = String.valueOf(url.getScheme());
                require(
                        scheme.equals("https") || (scheme.equals("http") && (allowPlainHttp || isLoopback(url))),
                        "keys must be fetched from an https:// URL, not from " + url);
                require(url.getHost() != null, "the URL must have a host: " + url);
            }

            private static boolean isLoopback(URI url) {
                var host = String.valueOf(url.getHost());
                return host.equals("localhost") || host.equals("127.0.0.1") || host.equals("[::1]");
            }
        }
    }

    /**
     * Where claims are: names or paths of names, as {@link ClaimPath} reads them.
     *
     * @param audience {@code aud}, or a claim that says which client the token was issued to
     * @param roles claims with roles, of which all count
     * @param tenant empty if all tokens of the issuer are of the plane's tenant
     * @param rolesByName the plane's roles for each name of a role or group at the provider; if it is empty, all names
     *     are roles as they stand
     */
    public record ClaimNames(
            String subject,
            String audience,
            List<String> roles,
            Optional<String> tenant,
            String deviceId,
            String patientId,
            Map<String, List<String>> rolesByName) {

        public static final ClaimNames STANDARD = new ClaimNames(
                "sub", "aud", List.of("roles", "role"), Optional.of("tenant"), "device_id", "patient_id", Map.of());

        private static final int MAX_MAPPED_NAMES = 1_000;

        public ClaimNames {
            roles = List.copyOf(roles);
            rolesByName = Map.copyOf(rolesByName);
            require(
                    Stream.concat(Stream.of(subject, audience, deviceId, patientId), tenant.stream())
                                    .noneMatch(String::isEmpty)
                            && !roles.isEmpty()
                            && roles.stream().noneMatch(String::isEmpty),
                    "the name of a claim must not be empty");
            require(
                    rolesByName.size() <= MAX_MAPPED_NAMES,
                    "at most " + MAX_MAPPED_NAMES + " names can be mapped to roles");
            rolesByName.forEach((name, mapped) -> require(
                    !mapped.isEmpty()
                            && mapped.stream()
                                    .allMatch(role ->
                                            Identifier.describeViolation(role).isEmpty()),
                    "'" + name + "' must be mapped to roles of 1 to " + Identifier.MAX_LENGTH
                            + " printable characters"));
        }
    }

    /**
     * How keys are kept up to date.
     *
     * @param fileInterval how often a file is read while there are calls; a key that is removed from it is void after
     *     at most twice as long
     * @param defaultTtl how long fetched keys are used if the provider does not say
     * @param minTtl the shortest time that a provider can set
     * @param maxTtl the longest; a key that a provider withdraws is void after at most as long
     * @param unknownKeyInterval how often a token with an unknown key can make the plane fetch keys
     * @param retryInterval when to fetch again after a failure
     * @param maxStale how long the last keys are used beyond their time while fetches fail
     * @param timeout how long one fetch may take
     */
    public record Refresh(
            Duration fileInterval,
            Duration defaultTtl,
            Duration minTtl,
            Duration maxTtl,
            Duration unknownKeyInterval,
            Duration retryInterval,
            Duration maxStale,
            Duration timeout) {

        public static final Refresh STANDARD = new Refresh(
                Duration.ofMillis(250),
                Duration.ofMinutes(5),
                Duration.ofSeconds(30),
                Duration.ofHours(1),
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                Duration.ofHours(24),
                Duration.ofSeconds(5));

        public Refresh {
            require(
                    isPositive(fileInterval) && isPositive(minTtl) && isPositive(retryInterval) && isPositive(timeout),
                    "intervals and timeouts must be positive");
            require(!unknownKeyInterval.isNegative() && !maxStale.isNegative(), "durations must not be negative");
            require(
                    minTtl.compareTo(defaultTtl) <= 0 && defaultTtl.compareTo(maxTtl) <= 0,
                    "the default time to live of keys must be from the minimum to the maximum");
        }

        private static boolean isPositive(Duration duration) {
            return duration.isPositive();
        }
    }

    /** Bounds of the cache of verified tokens. Beyond them, the least used tokens are removed and verified again. */
    public record CacheBounds(long maxTokens, long maxBytes) {

        public static final CacheBounds STANDARD = new CacheBounds(100_000, 256L * 1024 * 1024);

        public CacheBounds {
            require(
                    maxTokens > 0 && maxBytes >= maxTokens,
                    "the cache must have room for at least one token, and one byte for each");
        }
    }
}
