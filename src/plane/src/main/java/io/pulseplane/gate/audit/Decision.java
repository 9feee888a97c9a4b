package io.pulseplane.gate.audit;

/** What the gate said. */
public enum Decision {
    PERMITTED("permitted"),
    REFUSED("refused");

    private final String label;

    Decision(String word) {
        this.label = word;
    }

    /** As it stands in the log. */
    String label() {
        return label;
    }
}
