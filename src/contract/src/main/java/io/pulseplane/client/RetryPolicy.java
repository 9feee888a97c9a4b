package io.pulseplane.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * When gRPC sends a call again by itself: with UNAVAILABLE, before any answer, after a pause that doubles. It holds for
 * the rpcs that may be sent twice without a difference: all of QueryService and AuditService, what only reads of
 * RegistryService, and PutReadings, whose batch is recognised by its sequence. {@link ReadingsStream} resends batches of
 * StreamReadings on its own.
 *
 * @param maxAttempts how often a call is sent at most, the first time included, 1 to 5
 * @param initialBackoff the first pause, at most; gRPC draws a part of it
 * @param maxBackoff the longest pause
 */
public record RetryPolicy(int maxAttempts, Duration initialBackoff, Duration maxBackoff) {

    /** Every call is sent once. */
    public static final RetryPolicy NONE = new RetryPolicy(1, Duration.ZERO, Duration.ZERO);

    /** Four attempts within about a second. */
    public static final RetryPolicy STANDARD = new RetryPolicy(4, Duration.ofMillis(50), Duration.ofSeconds(1));

    /** gRPC's own bound. */
    private static final int MAX_ATTEMPTS = 5;

    private static final String REGISTRY = "pulseplane.v1.RegistryService";

    private static final List<String> REGISTRY_READS = List.of(
            "GetPatient", "ListPatients", "GetDevice", "ListDevices", "ListAssignments", "GetConsent", "ListConsents");

    public RetryPolicy {
        if (maxAttempts < 1 || maxAttempts > MAX_ATTEMPTS) {
            throw new IllegalArgumentException("maxAttempts must be 1 to " + MAX_ATTEMPTS + ", not " + maxAttempts);
        }
        if (maxAttempts > 1 && (!isPositive(initialBackoff) || !isPositive(maxBackoff))) {
            throw new IllegalArgumentException("a pause between attempts must be longer than 0");
        }
    }

    private static boolean isPositive(Duration duration) {
        return !duration.isZero() && !duration.isNegative();
    }

    /** As gRPC's service config has it; empty where every call is sent once. */
    public Map<String, ?> serviceConfig() {
        if (maxAttempts == 1) {
            return Map.of();
        }
        var names = new ArrayList<Map<String, ?>>();
        names.add(Map.of("service", "pulseplane.v1.QueryService"));
        names.add(Map.of("service", "pulseplane.v1.AuditService"));
        names.add(Map.of("service", "pulseplane.v1.IngestService", "method", "PutReadings"));
        REGISTRY_READS.forEach(method -> names.add(Map.of("service", REGISTRY, "method", method)));
        // The numbers of a service config are doubles, and its durations are text.
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
