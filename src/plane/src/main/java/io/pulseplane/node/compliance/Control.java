package io.pulseplane.node.compliance;

/**
 * The result of one control.
 *
 * @param id a name in lower case with hyphens; it does not change between versions
 * @param requirement what the control meets, such as {@code 45 CFR 164.312(b)}
 * @param detail what was found, and what to do if the control fails; one sentence
 */
public record Control(String id, String requirement, Status status, String detail) {

    /** Whether the control is met. */
    public enum Status {
        PASS,
        FAIL,
        /** The plane cannot tell, or what the control is about does not exist here. */
        NOT_APPLICABLE
    }

    static Control passIf(boolean met, String id, String requirement, String ifMet, String ifNot) {
        return new Control(id, requirement, met ? Status.PASS : Status.FAIL, met ? ifMet : ifNot);
    }

    static Control notApplicable(String id, String requirement, String why) {
        return new Control(id, requirement, Status.NOT_APPLICABLE, why);
    }
}
