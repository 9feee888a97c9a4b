package io.pulseplane.gate.policy;

import io.pulseplane.gate.policy.PolicyInput.User;
import java.util.List;
import java.util.Random;

/** Inputs of policies. */
final class PolicyInputs {

    static final User STAFF = new User("anna", List.of("authorized_medical_staff"), "ward-7", "", "");

    private static final String[] ACTIONS = {
        "query",
        "query",
        "query",
        "ingest",
        "ingest",
        "export",
        "registry",
        "consent",
        "erase",
        "audit",
        "operate",
        "describe",
        "copy",
        "Query",
        ""
    };
    private static final String[] ROLES = {
        "authorized_medical_staff", "patient", "device", "clinical_admin", "auditor", "operator", "Patient", ""
    };
    private static final String[] IDS = {"", "1", "2", "\u00eb", "e\u0308", "\u0000", "\"", "\ud800", "\ud83d\ude00"};
    private static final String[] STATUSES = {"active", "active", "active", "inactive", "retired", "Active", ""};
    private static final String[] DESTINATIONS = {"local", "local", "cloud", ""};

    private PolicyInputs() {}

    /** A permitted input: staff queries a patient who consents. */
    static PolicyInput byStaff() {
        return about("p-1", true);
    }

    static PolicyInput about(String patient, boolean consent) {
        return by(STAFF, patient, consent);
    }

    static PolicyInput by(User user, String patient, boolean consent) {
        return new PolicyInput(
                "query",
                "pulseplane.v1.QueryService/GetLatest",
                user,
                patient,
                consent,
                "",
                "",
                true,
                "local",
                true,
                "node-1");
    }

    static PolicyInput random(Random random) {
        var roles = random.ints(random.nextInt(4), 0, ROLES.length)
                .mapToObj(role -> ROLES[role])
                .toList();
        return new PolicyInput(
                oneOf(ACTIONS, random),
                "some.Service/Method",
                new User(oneOf(IDS, random), roles, "", oneOf(IDS, random), oneOf(IDS, random)),
                oneOf(IDS, random),
                random.nextBoolean(),
                oneOf(IDS, random),
                oneOf(STATUSES, random),
                random.nextInt(4) > 0,
                oneOf(DESTINATIONS, random),
                random.nextInt(4) > 0,
                "node-1");
    }

    private static String oneOf(String[] values, Random random) {
        return values[random.nextInt(values.length)];
    }
}
