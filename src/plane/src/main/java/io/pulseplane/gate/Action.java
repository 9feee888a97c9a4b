package io.pulseplane.gate;

/** The kinds of things that an rpc does, as the policy names them. */
public enum Action {
    QUERY("query"),
    INGEST("ingest"),
    REGISTRY("registry"),
    CONSENT("consent"),
    ERASE("erase"),
    AUDIT("audit"),
    OPERATE("operate"),

    /** Reads which services there are and whether the plane is healthy. This reveals nothing about any patient. */
    DESCRIBE("describe");

    private final String label;

    Action(String label) {
        this.label = label;
    }

    /** The name in the policy and in the audit trail. */
    public String label() {
        return label;
    }
}
