package io.pulseplane.gate.audit;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * One access to health data, or one attempt. Never holds a reading.
 *
 * <p>Any text may be empty, none is null, and none has to be well formed: some of them come from a caller who was
 * refused for exactly that. A text of more than {@value #MAX_TEXT} characters is cut and then ends with an ellipsis, so
 * that nobody takes it for the whole; so are codes of more than {@value #MAX_CODE} characters and the list of codes
 * beyond {@value #MAX_CODES}.
 *
 * @param timeUs microseconds since the epoch
 * @param policy digest of the policy that decided
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
        String policy,
        String peer,
        String requestId) {

    public static final int MAX_TEXT = 256;
    public static final int MAX_CODES = 64;
    public static final int MAX_CODE = 64;

    private static final String ELLIPSIS = "…";

    /** The record itself, its place in a queue, and a little for the texts' own headers. */
    private static final int BASE_WEIGHT = 200;

    public AuditRecord {
        subject = cut(subject, MAX_TEXT);
        role = cut(role, MAX_TEXT);
        tenant = cut(tenant, MAX_TEXT);
        action = cut(action, MAX_TEXT);
        rpc = cut(rpc, MAX_TEXT);
        patient = cut(patient, MAX_TEXT);
        device = cut(device, MAX_TEXT);
        codes = cut(codes);
        Objects.requireNonNull(decision);
        reason = cut(reason, MAX_TEXT);
        policy = cut(policy, MAX_TEXT);
        peer = cut(peer, MAX_TEXT);
        requestId = cut(requestId, MAX_TEXT);
    }

    /** Memory it takes while it waits, in bytes; no less than it really is unless texts are shared. */
    int weight() {
        int characters = subject.length()
                + role.length()
                + tenant.length()
                + action.length()
                + rpc.length()
                + patient.length()
                + device.length()
                + reason.length()
                + policy.length()
                + peer.length()
                + requestId.length();
        for (int i = 0; i < codes.size(); i++) {
            characters += codes.get(i).length();
        }
        return BASE_WEIGHT + 2 * characters;
    }

    private static String cut(String text, int max) {
        return text.length() <= max ? text : shortened(text, max);
    }

    private static String shortened(String text, int max) {
        int end = max - ELLIPSIS.length();
        if (Character.isHighSurrogate(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end) + ELLIPSIS;
    }

    /** Takes nothing but a look where nothing has to be cut and the list cannot change. */
    private static List<String> cut(List<String> codes) {
        if (codes.size() > MAX_CODES) {
            var some = new ArrayList<>(codes.subList(0, MAX_CODES - 1));
            some.add(ELLIPSIS);
            return cut(some);
        }
        for (int i = 0; i < codes.size(); i++) {
            if (codes.get(i).length() > MAX_CODE) {
                return codes.stream().map(code -> cut(code, MAX_CODE)).toList();
            }
        }
        return List.copyOf(codes);
    }
}
