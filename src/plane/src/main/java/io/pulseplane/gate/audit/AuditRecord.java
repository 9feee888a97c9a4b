package io.pulseplane.gate.audit;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * One access to health data, or one attempt that was refused. A record never holds a reading.
 *
 * <p>A text may be empty, and is never null. It need not be well formed: a caller may have been refused because it is
 * not. A text of more than {@value #MAX_TEXT_LENGTH} characters is cut and ends with an ellipsis, so that a reader sees
 * that it was cut. The same holds for a code of more than {@value #MAX_CODE_LENGTH} characters, and for a list of more
 * than {@value #MAX_CODES} codes.
 *
 * @param timeUs microseconds since the epoch
 * @param policyDigest digest of the policy that decided
 */
public record AuditRecord(
        long timeUs,
        String subject,
        String role,
        String tenant,
        String action,
        String rpc,
        String patient,
        String device,
        List<String> codes,
        Decision decision,
        String reason,
        String policyDigest,
        String peer,
        String requestId) {

    public static final int MAX_TEXT_LENGTH = 256;
    public static final int MAX_CODES = 64;
    public static final int MAX_CODE_LENGTH = 64;

    private static final String ELLIPSIS = "…";

    /** An estimate of the record object, its slot in the queue, and the object headers of its texts. */
    private static final int BASE_WEIGHT_BYTES = 200;

    public AuditRecord {
        subject = truncate(subject, MAX_TEXT_LENGTH);
        role = truncate(role, MAX_TEXT_LENGTH);
        tenant = truncate(tenant, MAX_TEXT_LENGTH);
        action = truncate(action, MAX_TEXT_LENGTH);
        rpc = truncate(rpc, MAX_TEXT_LENGTH);
        patient = truncate(patient, MAX_TEXT_LENGTH);
        device = truncate(device, MAX_TEXT_LENGTH);
        codes = truncate(codes);
        Objects.requireNonNull(decision);
        reason = truncate(reason, MAX_TEXT_LENGTH);
        policyDigest = truncate(policyDigest, MAX_TEXT_LENGTH);
        peer = truncate(peer, MAX_TEXT_LENGTH);
        requestId = truncate(requestId, MAX_TEXT_LENGTH);
    }

    /**
     * An estimate of the record's memory in bytes. It is rather too high: records often share texts, and it counts them
     * all.
     */
    public int weightBytes() {
        int characters = subject.length()
                + role.length()
                + tenant.length()
                + action.length()
                + rpc.length()
                + patient.length()
                + device.length()
                + reason.length()
                + policyDigest.length()
                + peer.length()
                + requestId.length();
        for (int i = 0; i < codes.size(); i++) {
            characters += codes.get(i).length();
        }
        return BASE_WEIGHT_BYTES + 2 * characters;
    }

    AuditRecord with(String otherSubject, String otherPatient) {
        return new AuditRecord(
                timeUs,
                otherSubject,
                role,
                tenant,
                action,
                rpc,
                otherPatient,
                device,
                codes,
                decision,
                reason,
                policyDigest,
                peer,
                requestId);
    }

    private static String truncate(String text, int max) {
        return text.length() <= max ? text : withEllipsis(text, max);
    }

    private static String withEllipsis(String text, int max) {
        int end = max - ELLIPSIS.length();
        if (Character.isHighSurrogate(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end) + ELLIPSIS;
    }

    /** Allocates nothing if no code is too long and the list is immutable. */
    private static List<String> truncate(List<String> codes) {
        if (codes.size() > MAX_CODES) {
            var firstCodes = new ArrayList<>(codes.subList(0, MAX_CODES - 1));
            firstCodes.add(ELLIPSIS);
            return truncate(firstCodes);
        }
        for (int i = 0; i < codes.size(); i++) {
            if (codes.get(i).length() > MAX_CODE_LENGTH) {
                return codes.stream()
                        .map(code -> truncate(code, MAX_CODE_LENGTH))
                        .toList();
            }
        }
        return List.copyOf(codes);
    }
}
