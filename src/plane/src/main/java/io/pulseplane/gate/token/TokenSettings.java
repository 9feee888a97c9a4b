package io.pulseplane.gate.token;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Whose tokens are taken.
 *
 * @param tenant the plane's own; a token must say exactly the same
 * @param issuer what {@code iss} must be, exactly
 * @param audience what {@code aud} must have in it, exactly
 * @param clockSkew how far the clocks of issuer and plane may be apart
 * @param maxTokenBytes longer tokens are refused unread
 * @param keys where the keys come from
 * @param claims where in a token the rest is found
 * @param refresh how keys are kept up to date
 * @param cache how many checked tokens are remembered
 */
public record TokenSettings(
        String tenant,
        String issuer,
        String audience,
        Duration clockSkew,
        int maxTokenBytes,
        Keys keys,
        ClaimNames claims,
        Refresh refresh,
        CacheBounds cache) {

    public static final String DEFAULT_TENANT = "local";
    public static final String DEFAULT_ISSUER = "pulseplane";
    public static final String DEFAULT_AUDIENCE = "pulseplane";

    /** As long as all metadata of a call may be together. */
    public static final int DEFAULT_MAX_TOKEN_BYTES = 8 * 1024;

    private static final Duration MAX_SKEW = Duration.ofMinutes(10);

    public TokenSettings {
        require(!tenant.isEmpty(), "tenant must not be empty");
        require(!issuer.isEmpty(), "issuer must not be empty");
        require(!audience.isEmpty(), "audience must not be empty");
        require(
                !clockSkew.isNegative() && clockSkew.compareTo(MAX_SKEW) <= 0,
                "clock skew must be from 0 to " + MAX_SKEW.toMinutes() + " minutes");
        require(maxTokenBytes > 0, "the longest token must have bytes");
    }

    /** Everything else as it is out of the box. */
    public static TokenSettings of(Keys keys) {
        return new TokenSettings(
                DEFAULT_TENANT,
                DEFAULT_ISSUER,
                DEFAULT_AUDIENCE,
                Duration.ofSeconds(30),
                DEFAULT_MAX_TOKEN_BYTES,
                keys,
                ClaimNames.STANDARD,
                Refresh.STANDARD,
                CacheBounds.STANDARD);
    }

    private static void require(boolean right, String message) {
        if (!right) {
            throw new IllegalArgumentException(message);
        }
    }

    /** Where the keys come from. */
    public sealed interface Keys {

        /** The key the plane makes for itself in its data directory. */
        record Local(Path dataDir) implements Keys {}

        /** A JWKS that somebody puts there and may change. */
        record JwksFile(Path file) implements Keys {}

        /** A JWKS of an identity provider. {@code http} is taken on this machine only, unless it is allowed here. */
        record JwksUrl(URI url, boolean allowPlainHttp) implements Keys {
            public JwksUrl {
                var scheme = String.valueOf(url.getScheme());
                require(
                        scheme.equals("https") || scheme.equals("http") && (allowPlainHttp || isLoopback(url)),
                        "keys are fetched from https:// only, not from " + url);
                require(url.getHost() != null, "there is no host in " + url);
            }

            private static boolean isLoopback(URI url) {
                var host = String.valueOf(url.getHost());
                return host.equals("localhost") || host.equals("127.0.0.1") || host.equals("[::1]");
            }
        }
    }

    /**
     * Where in a token things are found: a name, or a path of names with {@code /} between them such as Keycloak's
     * {@code realm_access/roles}. A name that has slashes in it is looked for as it is first.
     */
    public record ClaimNames(String roles, String role, String tenant, String deviceId, String patientId) {

        public static final ClaimNames STANDARD = new ClaimNames("roles", "role", "tenant", "device_id", "patient_id");
    }

    /**
     * How keys are kept up to date.
     *
     * @param fileInterval how often a file is looked at while there are calls; a key that is taken out of it is void
     *     after at most twice as long
     * @param defaultTtl how long fetched keys are good if the provider does not say so
     * @param minTtl the least that a provider can say
     * @param maxTtl the most; a key that a provider takes back is void after at most as long
     * @param unknownKeyInterval how often a token with an unknown key can make the plane ask for keys
     * @param retryInterval when to ask again after that failed
     * @param maxStale how long the last keys are good where none newer can be had
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
                Duration.ofSeconds(1),
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
                    "intervals and timeouts must be longer than nothing");
            require(!unknownKeyInterval.isNegative() && !maxStale.isNegative(), "durations must not be negative");
            require(
                    minTtl.compareTo(defaultTtl) <= 0 && defaultTtl.compareTo(maxTtl) <= 0,
                    "keys must be good for at least the minimum and at most the maximum");
        }

        private static boolean isPositive(Duration duration) {
            return duration.isPositive();
        }
    }

    /** Bounds on the tokens that are remembered; beyond them the least used are forgotten, and checked again. */
    public record CacheBounds(long maxTokens, long maxBytes) {

        public static final CacheBounds STANDARD = new CacheBounds(100_000, 256L * 1024 * 1024);

        public CacheBounds {
            require(maxTokens > 0 && maxBytes >= maxTokens, "there must be room for tokens");
        }
    }
}
