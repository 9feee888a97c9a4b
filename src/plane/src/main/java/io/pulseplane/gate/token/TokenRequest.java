package io.pulseplane.gate.token;

import io.pulseplane.vitals.Identifier;
import io.pulseplane.vitals.PlaneException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The contents of a token to be made with the local key. Ids that do not apply are empty.
 *
 * @param roles at least one, out of {@link Roles#ALL}, because the built-in policy knows no others
 * @param rpc the full name of the only rpc that accepts the token; empty for all
 * @param writesFor the patients that the device may write for; needed only where the plane asks for that
 * @param ttl up to 30 days; a single token cannot be withdrawn, only all of them by deleting the key
 */
public record TokenRequest(
        String subject,
        List<String> roles,
        String tenant,
        String patientId,
        String deviceId,
        Duration ttl,
        String rpc,
        List<String> writesFor) {

    public static final Duration MAX_TTL = Duration.ofDays(30);
    public static final Duration DEFAULT_TTL = Duration.ofHours(1);

    /** For all rpcs, and for no patients in particular. */
    public TokenRequest(
            String subject, List<String> roles, String tenant, String patientId, String deviceId, Duration ttl) {
        this(subject, roles, tenant, patientId, deviceId, ttl, "", List.of());
    }

    /** @throws PlaneException.InvalidArgument if the plane would not accept such a token */
    public TokenRequest {
        roles = List.copyOf(roles);
        writesFor = List.copyOf(writesFor);
        var violations = new ArrayList<PlaneException.FieldViolation>();
        check(violations, "subject", subject, false);
        check(violations, "tenant", tenant, false);
        check(violations, "patient", patientId, true);
        check(violations, "device", deviceId, true);
        for (var patient : writesFor) {
            check(violations, "writes-for", patient, false);
        }
        if (roles.isEmpty() || !Roles.ALL.containsAll(roles)) {
            var description = "must be of " + String.join(", ", Roles.ALL);
            violations.add(new PlaneException.FieldViolation("role", description));
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
