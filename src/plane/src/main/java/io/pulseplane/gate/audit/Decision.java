package io.pulseplane.gate.audit;

/** What the gate said. */
public enum Decision {
    PERMITTED("permitted"),
    REFUSED("refused");

    private final String word;

    Decision(String word) {
        this.word = word;
    }

    /** As it stands in the log. */
    String word() {
        return word;
    }
}
