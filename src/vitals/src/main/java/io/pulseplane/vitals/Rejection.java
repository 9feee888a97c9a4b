package io.pulseplane.vitals;

import java.util.Arrays;

/**
 * Readings of one block that were refused for one reason.
 *
 * @param code the code of the block
 * @param indexes where the readings stood in the block as sent, ascending
 */
public record Rejection(String code, Reason reason, int[] indexes) {

    /** Why a reading is refused. Stored by position and shown in metrics by name: only ever added to, at the end. */
    public enum Reason {
        NOT_FINITE,
        IMPLAUSIBLE,
        WRONG_UNIT,
        UNKNOWN_CODE,
        IN_THE_FUTURE,
        BEFORE_EPOCH,
        PRESSURES_CROSSED,
        CONFLICTING_VALUE
    }

    public int size() {
        return indexes.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Rejection that
                && code.equals(that.code)
                && reason == that.reason
                && Arrays.equals(indexes, that.indexes);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * code.hashCode() + reason.hashCode()) + Arrays.hashCode(indexes);
    }

    @Override
    public String toString() {
        return "Rejection[" + code + ", " + reason + ", " + indexes.length + "]";
    }
}
