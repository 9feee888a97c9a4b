package io.pulseplane.gate;

/** What a call wants to do, in the policy's words. */
public enum Action {
    QUERY("query"),
    INGEST("ingest"),
    REGISTRY("registry"),
    CONSENT("consent"),
    ERASE("erase"),
    AUDIT("audit"),
    OPERATE("operate"),

    /** Asking what there is to call and whether the plane is well, which tells nothing of any patient. */
    DESCRIBE("describe");

    private final String label;

    Action(String word) {
        this.label = word;
    }

    /** As the policy and the audit trail spell it. */
    public String label() {
        return label;
    }
}
