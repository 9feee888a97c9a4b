package io.pulseplane.gate.audit;

/** The decision of the gate on a call. */
public enum Decision {
    PERMITTED("permitted"),
    REFUSED("refused");

    private final String label;

    Decision(String label) {
        this.label = label;
    }

    /** The value of the field {@code decision} in the trail. */
    String label() {
        return label;
    }
}
