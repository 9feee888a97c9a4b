package io.pulseplane.gate.token;

import java.util.List;

/** The roles that the built-in policy knows. Case matters: {@code Auditor} is another role and permits nothing. */
public final class Roles {

    public static final String DEVICE = "device";
    public static final String AUTHORIZED_MEDICAL_STAFF = "authorized_medical_staff";
    public static final String CLINICAL_ADMIN = "clinical_admin";
    public static final String AUDITOR = "auditor";
    public static final String OPERATOR = "operator";
    public static final String PATIENT = "patient";

    public static final List<String> ALL =
            List.of(DEVICE, AUTHORIZED_MEDICAL_STAFF, CLINICAL_ADMIN, AUDITOR, OPERATOR, PATIENT);

    private Roles() {}
}
