package io.pulseplane.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How gRPC retries calls. It retries a call that failed with UNAVAILABLE before any response, after a pause that
 * doubles each time. The policy covers the idempotent rpcs: all of QueryService and AuditService, those of
 * RegistryService that only read, and PutReadings, because the plane recognises a repeated batch by its sequence.
 * {@link ReadingsStream} resends the batches of StreamReadings itself.
 *
 * @param maxAttempts how often a call is sent at most, including the first attempt, 1 to 5
 * @param initialBackoff upper bound of the first pause; gRPC adds jitter
 * @param maxBackoff upper bound of every pause
 */
public record RetryPolicy(int maxAttempts, Duration initialBackoff, Duration maxBackoff) {

    /** Never retries. */
    public static final RetryPolicy NONE = new RetryPolicy(1, Duration.ZERO, Duration.ZERO);

    /** Four attempts within about a second. */
    public static final RetryPolicy STANDARD = new RetryPolicy(4, Duration.ofMillis(50), Duration.ofSeconds(1));

    /** The limit of gRPC. */
    private static final int MAX_ATTEMPTS = 5;

    private static final String REGISTRY = "pulseplane.v1.RegistryService";

    private static final List<String> REGISTRY_READS = List.of(
            "GetPatient", "ListPatients", "GetDevice", "ListDevices", "ListAssignments", "GetConsent", "ListConsents");

    public RetryPolicy {
        if (maxAttempts < 1 || maxAttempts > MAX_ATTEMPTS) {
            throw new IllegalArgumentException("maxAttempts must be 1 to " + MAX_ATTEMPTS + ", not " + maxAttempts);
        }
        if (maxAttempts > 1 && (!isPositive(initialBackoff) || !isPositive(maxBackoff))) {
            throw new IllegalArgumentException("initialBackoff and maxBackoff must be longer than 0");
        }
    }

    private static boolean isPositive(Duration duration) {
        return !duration.isZero() && !duration.isNegative();
    }

    /** Returns the policy as a service config of gRPC; empty if calls are never retried. */
    public Map<String, ?> serviceConfig() {
        if (maxAttempts == 1) {
            return Map.of();
        }
        var names = new ArrayList<Map<String, ?>>();
        names.add(Map.of("service", "pulseplane.v1.QueryService"));
        names.add(Map.of("service", "pulseplane.v1.AuditService"));
        names.add(Map.of("service", "pulseplane.v1.IngestService", "method", "PutReadings"));
        REGISTRY_READS.forEach(method -> names.add(Map.of("service", REGISTRY, "method", method)));
        // In a service config, numbers are doubles, and durations are text.
        var policy = Map.of(
                "maxAttempts", (double) maxAttempts,
                "initialBackoff", seconds(initialBackoff),
                "maxBackoff", seconds(maxBackoff),
                "backoffMultiplier", 2.0,
                "retryableStatusCodes", List.of("UNAVAILABLE"));
        return Map.of("methodConfig", List.of(Map.of("name", names, "retryPolicy", policy)));
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.9fs", duration.toNanos() / 1e9);
    }
}
