package io.pulseplane.gate.token;

import io.pulseplane.vitals.Identifier;
import io.pulseplane.vitals.PlaneException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a token of the local key is to say. Ids are empty where it is to say nothing.
 *
 * @param roles of {@link Roles#ALL}, at least one: a role spelled otherwise would be another and let nobody do anything
 * @param ttl up to 30 days; there is no way to take one token back other than to delete the key, and all of them with it
 */
public record TokenRequest(
        String subject, List<String> roles, String tenant, String patientId, String deviceId, Duration ttl) {

    public static final Duration MAX_TTL = Duration.ofDays(30);
    public static final Duration DEFAULT_TTL = Duration.ofHours(1);

    /** @throws PlaneException.InvalidArgument if the plane would not take such a token */
    public TokenRequest {
        roles = List.copyOf(roles);
        var violations = new ArrayList<PlaneException.FieldViolation>();
        check(violations, "subject", subject, false);
        check(violations, "tenant", tenant, false);
        check(violations, "patient", patientId, true);
        check(violations, "device", deviceId, true);
        if (roles.isEmpty() || !Roles.ALL.containsAll(roles)) {
            var must = "must be of " + String.join(", ", Roles.ALL);
            violations.add(new PlaneException.FieldViolation("role", must));
        }
        if (roles.contains(Roles.PATIENT) && patientId.isEmpty()) {
            violations.add(new PlaneException.FieldViolation("patient", "must say who the patient is"));
        }
        if (roles.contains(Roles.DEVICE) && deviceId.isEmpty()) {
            violations.add(new PlaneException.FieldViolation("device", "must say which device it is"));
        }
        if (ttl.compareTo(Duration.ofSeconds(1)) < 0 || ttl.compareTo(MAX_TTL) > 0) {
            violations.add(new PlaneException.FieldViolation("ttl", "must be from 1s to " + MAX_TTL.toDays() + "d"));
        }
        if (!violations.isEmpty()) {
            throw new PlaneException.InvalidArgument(violations);
        }
    }

    private static void check(
            List<PlaneException.FieldViolation> violations, String field, String text, boolean mayBeEmpty) {
        if (!(mayBeEmpty && text.isEmpty())) {
            Identifier.describeViolation(text)
                    .ifPresent(fault -> violations.add(new PlaneException.FieldViolation(field, fault)));
        }
    }
}
